/** What every error of nestjs-tcc carries besides its message. */
export interface TccErrorFields {
  /** The global transaction it is about, where there is one. */
  readonly xid?: string;
  /** The error that led to it. */
  readonly cause?: unknown;
}

const MARK = Symbol.for('nestjs-tcc:error');

/**
 * Base of all errors that nestjs-tcc throws.
 *
 * Tell them apart by `code`: `instanceof` one of the classes fails where an ES module and a CommonJS copy of the library
 * meet in one process (`instanceof TccError` holds).
 *
 * @publicApi
 */
export abstract class TccError extends Error {
  /** Stable, for programs: `TCC_…`. Never changes once released. */
  abstract readonly code: string;

  /** The HTTP status that {@link TccExceptionFilter} answers with. */
  readonly httpStatus: number = 500;

  /** The global transaction it is about, where there is one. */
  readonly xid: string | undefined;

  constructor(message: string, fields: TccErrorFields = {}) {
    super(message, 'cause' in fields ? { cause: fields.cause } : undefined);
    this.name = new.target.name;
    this.xid = fields.xid;
    Object.defineProperty(this, MARK, { value: true });
  }

  /** Errors of another copy of the library count too, for `catch` clauses and `@Catch(TccError)`. */
  static override [Symbol.hasInstance](error: unknown): boolean {
    return this === TccError ? isTccError(error) : Function.prototype[Symbol.hasInstance].call(this, error);
  }
}

/**
 * Whether a thrown value is an error of nestjs-tcc, from whichever copy of the library.
 *
 * @publicApi
 */
export function isTccError(error: unknown): error is TccError {
  return typeof error === 'object' && error !== null && MARK in error;
}
