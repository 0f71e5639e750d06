// On its own, so that the command line looks through files without loading a database.
export { detectSecrets, type Detection, type DetectOptions } from '@supervisor/secrets/detect';
