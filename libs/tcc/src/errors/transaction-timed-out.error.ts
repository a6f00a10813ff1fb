import { TccError } from './tcc.error.js';

/**
 * The deadline passed before the initiator was done. Everything it did is being cancelled.
 *
 * @publicApi
 */
export class TransactionTimedOutError extends TccError {
  override readonly code = 'TCC_TIMED_OUT';
  override readonly httpStatus = 504;

  constructor(
    readonly transaction: string,
    xid: string,
    /** Where the time ran out in a place that does not know it, undefined. */
    readonly timeoutMs?: number,
  ) {
    super(
      `Global transaction ${transaction} (${xid}) did not finish ${timeoutMs === undefined ? 'in time' : `within ${timeoutMs} ms`} and is cancelled. ` +
        'Make its tries faster or raise `timeout`.',
      { xid },
    );
  }
}
