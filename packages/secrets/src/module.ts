import type { Module } from '@supervisor/core';
import { askOperations } from './ask/operations.js';
import { secretMigrations } from './migrations.js';
import { secretOperations } from './operations.js';
import { requestOperations } from './http/operations.js';

export const secretsModule: Module = { ...secretMigrations, operations: [...secretOperations, ...requestOperations, ...askOperations] };
