import { TccError } from './tcc.error.js';

/**
 * A method with propagation `NEVER` was called inside a global transaction.
 *
 * @publicApi
 */
export class ActiveTransactionError extends TccError {
  override readonly code = 'TCC_ACTIVE_TRANSACTION';

  constructor(what: string, xid: string) {
    super(`${what} has propagation NEVER and was called inside global transaction ${xid}: call it outside.`, { xid });
  }
}
