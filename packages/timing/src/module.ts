import type { Module } from '@supervisor/core';
import { taskMigrations } from './migrations.js';
import { taskOperations } from './operations.js';

export const timingModule: Module = { ...taskMigrations, group: 'tasks', operations: taskOperations };
