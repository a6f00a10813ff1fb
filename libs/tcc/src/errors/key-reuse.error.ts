import { TccError } from './tcc.error.js';

/**
 * An idempotency key was used again with other arguments.
 *
 * @publicApi
 */
export class KeyReuseError extends TccError {
  override readonly code = 'TCC_KEY_REUSE';
  override readonly httpStatus = 422;

  constructor(
    readonly transaction: string,
    readonly key: string,
    xid: string,
  ) {
    super(
      `${transaction} was called with key ${JSON.stringify(key)} before, with other arguments (as ${xid}): ` +
        'use a new key for a new request, or narrow `fingerprint` to the arguments that make it the same request.',
      { xid },
    );
  }
}
