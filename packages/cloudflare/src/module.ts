import type { Module } from '@supervisor/core';
import { cloudflareMigrations } from './migrations.js';
import { cloudflareOperations } from './operations.js';

export const cloudflareModule: Module = { ...cloudflareMigrations, operations: cloudflareOperations };
