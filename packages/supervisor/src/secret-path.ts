// On its own, so that the command line tells a path from another name without loading a database.
export { pathProblem } from '@supervisor/secrets/path';
