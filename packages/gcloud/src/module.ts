import type { Module } from '@supervisor/core';
import { gcloudMigrations } from './migrations.js';
import { gcloudOperations } from './operations.js';

export const gcloudModule: Module = { ...gcloudMigrations, operations: gcloudOperations };
