export { encodings, type Encoding } from './encodings.js';
export { createRedactor, shortestDisguised, type NamedSecret, type Redactor } from './redactor.js';
