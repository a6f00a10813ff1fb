import { TccError } from './tcc.error.js';

/**
 * Nested transactions of one phase got in each other's way: two opened by `startTransaction()` at the same time, one
 * that was never ended, one ended elsewhere than it was started, or a transaction statement sent as plain SQL.
 * Carried on, one of them would undo or keep what belongs to the other.
 *
 * @publicApi
 */
export class OverlappingTransactionsError extends TccError {
  override readonly code = 'TCC_OVERLAPPING_TRANSACTIONS';

  constructor(
    readonly branch: string,
    readonly phase: string,
    xid: string,
    readonly problem: string,
  ) {
    super(
      `In ${phase} of ${branch} ${problem}: all of a phase runs in one local transaction, and what is opened inside it must be ` +
        'ended in reverse order. Use dataSource.transaction(callback), which queues and nests by itself.',
      { xid },
    );
  }
}
