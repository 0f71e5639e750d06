// On its own, so that the command line hides what a child writes without loading a database.
export { createRedactor, type NamedSecret, type Redactor } from '@supervisor/secrets/redact';
