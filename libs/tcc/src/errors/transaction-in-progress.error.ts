import { TccError } from './tcc.error.js';

/**
 * Another call with the same idempotency key is under way.
 *
 * @publicApi
 */
export class TransactionInProgressError extends TccError {
  override readonly code = 'TCC_IN_PROGRESS';
  override readonly httpStatus = 409;

  constructor(
    readonly transaction: string,
    readonly key: string,
    xid: string,
    /** When asking again makes sense, in milliseconds: at most 1 000. */
    readonly retryAfterMs: number,
  ) {
    super(`${transaction} with key ${JSON.stringify(key)} is in progress as ${xid}: ask again in ${retryAfterMs} ms.`, {
      xid,
    });
  }
}
