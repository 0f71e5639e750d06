import type { Module } from '@supervisor/core';
import { auditOperations } from './audit-operations.js';
import { authMigrations } from './migrations.js';
import { tokenOperations } from './operations.js';

export const authModule: Module = { ...authMigrations, group: 'tokens', operations: [...tokenOperations, ...auditOperations] };
