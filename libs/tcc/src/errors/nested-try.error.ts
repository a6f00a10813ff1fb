import { TccError } from './tcc.error.js';

/**
 * A phase (try, confirm or cancel) called a try or started a global transaction.
 *
 * @publicApi
 */
export class NestedTryError extends TccError {
  override readonly code = 'TCC_NESTED_TRY';

  constructor(
    readonly called: string,
    readonly from: string,
    xid: string,
  ) {
    super(
      `${from} called ${called}: a phase calls no try and starts no global transaction. Call both from the initiator, or make ` +
        'the caller a @Message() of a participant without DataSource, keyed by tcc.branch.idempotencyKey.',
      { xid },
    );
  }
}
