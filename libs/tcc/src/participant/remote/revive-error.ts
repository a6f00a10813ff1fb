import type { Payloads } from '../../core/codec/payloads.js';
import type { WireError } from '../../core/wire/wire-error.js';
import type { RemoteError } from '../../errors/participant-refused.error.js';
import type { BusinessErrorClass } from './remote-place.js';

/** An error as it came over the wire, for the framework's own errors. */
export function remoteErrorOf(error: WireError, payloads: Payloads): RemoteError {
  return { name: error.name, code: error.code, message: error.message, details: detailsOf(error, payloads) };
}

/**
 * The business error that a participant threw, as its own class; undefined when that class is not registered. Made
 * without its constructor, whose parameters nobody here knows: message, code and own properties are as they were there,
 * the stack says where it arrived.
 */
export function reviveError(
  error: WireError,
  classes: ReadonlyMap<string, BusinessErrorClass>,
  payloads: Payloads,
): Error | undefined {
  const known = classes.get(error.name);
  if (!known) return undefined;
  const revived = Object.create(known.prototype as object) as Error & { code?: unknown };
  const put = (key: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(revived, key, { value, enumerable, writable: true, configurable: true });
  };
  put('message', error.message, false);
  put('name', error.name, false);
  if (error.code !== error.name) put('code', error.code, true);
  for (const [key, value] of Object.entries(detailsOf(error, payloads))) put(key, value, true);
  Error.captureStackTrace(revived, reviveError);
  return revived;
}

function detailsOf({ details, name }: WireError, payloads: Payloads): Readonly<Record<string, unknown>> {
  if (details === undefined) return {};
  try {
    const value = payloads.decode(details, `Details of ${name}`);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    // written with another codec: what was refused, and why, still counts
    return {};
  }
}
