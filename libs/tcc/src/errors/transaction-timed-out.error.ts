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
    readonly timeoutMs: number,
  ) {
    super(
      `Global transaction ${transaction} (${xid}) did not finish within ${timeoutMs} ms and is cancelled. ` +
        'Make its tries faster or raise `timeout`.',
      { xid },
    );
  }
}
