import type { Module } from '@supervisor/core';
import { knowledgeMigrations } from './migrations.js';
import { knowledgeOperations } from './operations.js';

export const knowledgeModule: Module = { ...knowledgeMigrations, operations: knowledgeOperations };
