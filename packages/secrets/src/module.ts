import type { Module } from '@supervisor/core';
import { secretMigrations } from './migrations.js';
import { secretOperations } from './operations.js';

export const secretsModule: Module = { ...secretMigrations, operations: secretOperations };
