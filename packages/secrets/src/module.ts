import type { Module } from '@supervisor/core';
import { secretMigrations } from './migrations.js';
import { secretOperations } from './operations.js';
import { requestOperations } from './http/operations.js';

export const secretsModule: Module = { ...secretMigrations, operations: [...secretOperations, ...requestOperations] };
