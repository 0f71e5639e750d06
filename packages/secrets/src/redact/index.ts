export { encodings, type Encoding } from './encodings.js';
export { createRedactor, shortestDisguised, shortestValue, type NamedSecret, type Redactor } from './redactor.js';
