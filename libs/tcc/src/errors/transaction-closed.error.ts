import { TccError } from './tcc.error.js';

/**
 * A try was called after its initiator (or the joined method it belongs to) had ended, or after the decision.
 *
 * @publicApi
 */
export class TransactionClosedError extends TccError {
  override readonly code = 'TCC_TRANSACTION_CLOSED';
  override readonly httpStatus = 409;

  constructor(what: string, xid: string) {
    super(
      `${what} was called after global transaction ${xid} was closed; it did not run. ` +
        'Await every try before the method under @GlobalTransaction() returns.',
      { xid },
    );
  }
}
