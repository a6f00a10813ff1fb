import type { Baggage } from '../context/execution-context.js';
import type { Monotonic } from '../core/monotonic-clock.js';
import type { BranchRecord } from '../ledger/ledger.types.js';

/** One delivery of confirm or cancel, with what the ledger knows. */
export interface PhaseTwoCall {
  readonly xid: string;
  readonly branch: Pick<BranchRecord, 'seq' | 'participant' | 'method' | 'kind' | 'args'>;
  readonly phase: 'confirm' | 'cancel';
  /** What the try returned, encoded; confirm only. */
  readonly result: string | undefined;
  readonly baggage: Baggage;
  /** To the deadline of the transaction, in milliseconds; negative once it has passed. */
  readonly remainingMs: number;
  /** The try is known to have ended. */
  readonly answered: boolean;
  /** When the caller counts it as failed. */
  readonly giveUpAt: Monotonic;
}
