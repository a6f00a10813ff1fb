import { codeOfError } from '../describe-error.js';
import { LONGEST_LABEL_BYTES, LONGEST_MESSAGE_BYTES, showable } from '../text.js';

/** An error as it crosses the wire: what it says, never where in the code it was thrown. */
export interface WireError {
  /** Of its class. */
  readonly name: string;
  /** Its `code`, or the name of its class. */
  readonly code: string;
  readonly message: string;
  /** Its own properties, encoded by the codec; absent when they cannot be encoded. */
  readonly details?: string;
}

const SHOWN_OTHERWISE = new Set(['message', 'stack', 'cause']);

/** @param encode makes a text of the error's own properties; may throw */
export function toWireError(error: unknown, encode: (details: Record<string, unknown>) => string): WireError {
  const base: WireError = {
    name: showable(nameOf(error), LONGEST_LABEL_BYTES),
    code: showable(codeOf(error), LONGEST_LABEL_BYTES),
    message: showable(messageOf(error), LONGEST_MESSAGE_BYTES),
  };
  const own = ownOf(error, base);
  if (own.length === 0) return base;
  // What cannot be stored (an error inside it, say) is left out, and all of it when it is too large: the refusal itself
  // must still arrive.
  const details =
    encoded(own, encode) ??
    encoded(
      own.filter((entry) => encoded([entry], encode) !== undefined),
      encode,
    );
  return details === undefined ? base : { ...base, details };
}

function encoded(
  own: readonly [string, unknown][],
  encode: (details: Record<string, unknown>) => string,
): string | undefined {
  try {
    return encode(Object.fromEntries(own));
  } catch {
    return undefined;
  }
}

function ownOf(error: unknown, { name, code }: WireError): [string, unknown][] {
  try {
    if (typeof error !== 'object' || error === null || isOfDatabase(error)) return [];
    return Object.entries(error).filter(
      ([key, value]) =>
        !SHOWN_OTHERWISE.has(key) && !(key === 'name' && value === name) && !(key === 'code' && value === code),
    );
  } catch {
    // a getter that throws
    return [];
  }
}

/** TypeORM's and pg's carry statements, parameters and rows: nothing that another application should see. */
const isOfDatabase = (error: object): boolean => 'driverError' in error || 'severity' in error;

/** undefined when it is none. */
export function readWireError(value: unknown): WireError | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, code, message, details } = value as Record<string, unknown>;
  if (typeof name !== 'string' || typeof code !== 'string' || typeof message !== 'string') return undefined;
  if (details !== undefined && typeof details !== 'string') return undefined;
  return { name, code, message, ...(details === undefined ? {} : { details }) };
}

/** Of its class, by which it is registered where it is caught; what it calls itself is among its properties. */
function nameOf(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return typeof error;
    const { constructor } = error;
    return typeof constructor === 'function' && constructor.name ? constructor.name : 'Error';
  } catch {
    return 'Error';
  }
}

function codeOf(error: unknown): string {
  const code = codeOfError(error);
  return code === 'object' ? nameOf(error) : code;
}

/** Not what `inspect()` says of it, which shows the stacks of errors inside. */
function messageOf(error: unknown): string {
  try {
    if (typeof error !== 'object' || error === null) return String(error);
    const { message } = error as { message?: unknown };
    return typeof message === 'string' ? message : 'it threw an object without a message';
  } catch {
    return 'an error that cannot be described';
  }
}
