import { TccError } from './tcc.error.js';

/**
 * A statement of the phase had failed and its error was caught, so Postgres answered the COMMIT with a ROLLBACK.
 *
 * @publicApi
 */
export class LocalTransactionAbortedError extends TccError {
  override readonly code = 'TCC_LOCAL_TRANSACTION_ABORTED';

  constructor(
    readonly branch: string,
    readonly phase: string,
    xid: string,
  ) {
    super(
      `A statement in ${phase} of ${branch} failed and its error was caught, which leaves the local transaction unusable: it was ` +
        'rolled back. Let the error through, or put the statement that may fail into dataSource.transaction() (a savepoint there).',
      { xid },
    );
  }
}
