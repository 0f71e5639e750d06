import type { Module } from '@supervisor/core';
import { portMigrations } from './migrations.js';
import { portOperations } from './operations.js';

export const portsModule: Module = { ...portMigrations, operations: portOperations };
