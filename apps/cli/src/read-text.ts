import { readFileSync } from 'node:fs';
import { UsageError } from './input.js';

/** A file that was named on the command line; `-` is stdin. @throws UsageError when it cannot be read or is no text */
export function readText(file: string): string {
  return demandUtf8(readBytes(file), file === '-' ? 'stdin' : file);
}

function readBytes(file: string): Buffer {
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new UsageError(`There is no file ${file}.`);
    if (code === 'EISDIR') throw new UsageError(`${file} is a folder. Name a file in it.`);
    if (code === 'EACCES') throw new UsageError(`${file} may not be read by this user.`);
    throw error;
  }
}

/** Bytes as text, to the letter. Undefined where they are no UTF-8: replaced characters would be stored, or written back, for good. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

/** @param what what the bytes are, such as a file's name @throws UsageError */
export function demandUtf8(bytes: Uint8Array, what: string): string {
  const text = decodeUtf8(bytes);
  if (text !== undefined) return text;
  throw new UsageError(`${what} is no UTF-8 text. Encode it first, such as with base64.`);
}
