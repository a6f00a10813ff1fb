import { TccError } from './tcc.error.js';

/**
 * The ledger did not answer, so nothing was started.
 *
 * @publicApi
 */
export class LedgerUnavailableError extends TccError {
  override readonly code = 'TCC_LEDGER_UNAVAILABLE';
  override readonly httpStatus = 503;

  constructor(what: string, xid: string | undefined, cause: unknown) {
    super(`The ledger does not answer: ${what} was not done. Check that its database is reachable, then try again.`, {
      ...(xid === undefined ? {} : { xid }),
      cause,
    });
  }
}
