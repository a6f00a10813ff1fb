import { isTccError } from '../errors/tcc.error.js';

const xids = new WeakMap<object, string>();

/** Remembers which transaction an error ended, so that it can reach the caller unchanged. @returns the error */
export function rememberXid(error: unknown, xid: string): unknown {
  if (typeof error === 'object' && error !== null) xids.set(error, xid);
  return error;
}

/** The global transaction that an error ended, or undefined. */
export function xidOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  return (isTccError(error) ? error.xid : undefined) ?? xids.get(error);
}
