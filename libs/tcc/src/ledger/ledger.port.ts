import type {
  Backlog,
  BranchRecord,
  ClaimedTransaction,
  ClaimRequest,
  HandBackWrite,
  LedgerBatch,
  LedgerBatchAnswer,
  Lease,
  PurgeAnswer,
  PurgeRequest,
  TransactionView,
} from './ledger.types.js';

/**
 * The durable record of global transactions, as the coordinator and recovery need it.
 *
 * All moments are kept on the store's own clock; the port speaks of lengths of time only. Every method may reject with
 * a {@link LedgerFailure}; `flush` is idempotent as a whole and write by write, so that it can be sent again after an
 * unknown outcome. `describeLedgerContract` of nestjs-tcc-testing holds an implementation to this.
 *
 * @publicApi
 */
export interface LedgerPort {
  /** Connects, then migrates or checks the schema. Called once, before anything else. */
  open(): Promise<void>;

  /** Gives connections back. Called once, after everything else has ended. */
  close(): Promise<void>;

  /** Resolves when the store answers. */
  ping(): Promise<void>;

  /** Applies a batch in one transaction: begins, registrations, decisions, settlements. */
  flush(batch: LedgerBatch): Promise<LedgerBatchAnswer>;

  /**
   * Takes over what is due of a service: `trying` past its deadline (and decides cancel in the same step),
   * `confirming` and `cancelling` whose due time has come. Each gets a new epoch and lease. Locked rows are passed over.
   */
  claim(request: ClaimRequest): Promise<readonly ClaimedTransaction[]>;

  /** The branches of one transaction, by seq. */
  branches(xid: string): Promise<readonly BranchRecord[]>;

  /** Extends leases. @returns the xids whose lease was extended; the others are lost, or locked at the moment. */
  renew(leases: readonly Lease[], leaseMs: number): Promise<ReadonlySet<string>>;

  /** Gives leases back without having driven to the end: the transactions are due at once, and others are woken. */
  release(leases: readonly Lease[]): Promise<void>;

  /**
   * Ends a drive that left branches unsettled and gives its lease back; with `keepsLease` records them while the drive
   * goes on.
   *
   * @returns false when the lease was lost: nothing was written
   */
  handBack(write: HandBackWrite): Promise<boolean>;

  /** One transaction, or undefined. */
  find(xid: string): Promise<TransactionView | undefined>;

  /** How much of a service is open. */
  backlog(service: string): Promise<Backlog>;

  /**
   * Removes transactions of a service that settled long ago, with their branches and attempts, and nothing else, in the
   * order of their xids. Looks no further than at what is old enough, and at `limit` transactions only; locked ones are
   * passed over. Their keys are free again.
   */
  purge(request: PurgeRequest): Promise<PurgeAnswer>;

  /** Calls `listener` when somebody released work of this service. A hint: may be lost. @returns stops it. */
  onRelease(service: string, listener: () => void): Promise<() => Promise<void>>;
}
