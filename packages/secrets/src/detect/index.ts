export { detectSecrets, type Detection, type DetectOptions } from './detect.js';
