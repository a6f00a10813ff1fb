import { TccError } from './tcc.error.js';

/**
 * The decision was sent and the ledger did not answer. The transaction will be confirmed or cancelled as a whole by
 * recovery; which one is not known yet. Ask `tcc.outcome(xid)` later; with an idempotency key, call again.
 *
 * @publicApi
 */
export class InDoubtError extends TccError {
  override readonly code = 'TCC_IN_DOUBT';
  override readonly httpStatus = 503;

  constructor(
    readonly transaction: string,
    xid: string,
    cause: unknown,
  ) {
    super(
      `The decision of global transaction ${transaction} (${xid}) was sent and the ledger did not answer: it is confirmed or ` +
        `cancelled as a whole once the ledger is back. Ask tcc.outcome('${xid}') later, or call again with the same idempotency key.`,
      { xid, cause },
    );
  }
}
