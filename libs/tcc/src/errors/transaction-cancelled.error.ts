import { TccError } from './tcc.error.js';

/**
 * The initiator returned, yet the transaction was cancelled: a joined method had called `cancelOnly()`,
 * or the decision to cancel was taken elsewhere.
 *
 * @publicApi
 */
export class TransactionCancelledError extends TccError {
  override readonly code = 'TCC_CANCELLED';
  override readonly httpStatus = 409;

  constructor(
    readonly transaction: string,
    xid: string,
    readonly reason: string,
  ) {
    super(
      `Global transaction ${transaction} (${xid}) was cancelled: ${reason}. Nothing of it takes effect; it can be tried anew.`,
      {
        xid,
      },
    );
  }
}
