import type { Module } from '@supervisor/core';
import { authMigrations } from './migrations.js';
import { tokenOperations } from './operations.js';

export const authModule: Module = { ...authMigrations, group: 'tokens', operations: tokenOperations };
