import { createHash } from 'node:crypto';

/** Well below what an index row holds, and above every key that people make. */
const LONGEST = 200;

/**
 * The form in which a key of any length and encoding is stored: itself where the store keeps it exactly, else a digest.
 */
export function storableKey(key: string): string {
  const exact = key.length <= LONGEST && !key.includes('\u0000') && key.isWellFormed() && !key.startsWith('sha256:');
  return exact ? key : `sha256:${createHash('sha256').update(key, 'utf16le').digest('base64url')}`;
}
