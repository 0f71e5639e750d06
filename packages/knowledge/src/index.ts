export { languages, type Language } from './text/stem.js';
