import type { BranchKind, Phase } from '../core/status.js';
import type { Monotonic } from '../core/monotonic-clock.js';

/** One delivery of one phase of one branch. */
export interface BarrierCall {
  readonly xid: string;
  readonly seq: number;
  readonly phase: Phase;
  readonly kind: BranchKind;
  /** `participant.method`, for errors. */
  readonly branch: string;
  /**
   * On this process's clock. Try: when the transaction ends. Confirm and cancel: when the caller gives the call up. A
   * connection that sits idle in the phase until then is ended by the database, which frees the row of a process that
   * has stopped.
   */
  readonly deadline?: Monotonic;
  /** Try only: awaited right before COMMIT; a rejection rolls the local transaction back. */
  readonly beforeCommit?: (() => Promise<void>) | undefined;
  /**
   * The business code touches nothing but this local transaction: it may be started before the barrier has answered, and
   * is undone where the answer is that it must not run.
   */
  readonly mayRunAhead?: boolean;
  /** Cancel only: run the business code although the try took no effect here. */
  readonly evenIfNotTried?: boolean;
}

/** How a delivery ended without error. `already`: done before. `empty`: cancel of a try that never took effect. */
export type BarrierResult<T> =
  { readonly ran: true; readonly value: T } | { readonly ran: false; readonly why: 'already' | 'empty' };

/** What a phase sees of its local transaction. */
export interface LocalTransaction {
  /** The participant's DataSource: whatever asks it for a runner inside the phase joins. undefined without barrier. */
  readonly dataSource: object | undefined;
  /** TypeORM EntityManager bound to the local transaction. undefined without barrier. */
  readonly manager: unknown;
  /** A runner that joins the local transaction; called by the routed `createQueryRunner`. */
  readonly createQueryRunner: () => unknown;
}

/**
 * The guard around each phase: runs business code in one local transaction of the participant's database together with
 * the branch's barrier row, so that duplicates, reorderings and concurrent deliveries have the effect of exactly one.
 *
 * `run` rejects with `LateTryError`, `RepeatedTryError`, `BarrierRefusedError` or `BarrierBusyError` when the barrier
 * refuses, with `TransactionTimedOutError` when a try has no time left, and with the business code's own error.
 *
 * @publicApi
 */
export interface BarrierPort {
  /** Migrates or checks the barrier's schema. Called once per DataSource at boot. */
  open(): Promise<void>;

  /**
   * @param business given the local transaction; it is run again from the start after 40001 and 40P01. For phases
   * without a method it is a function that does nothing: the row moves all the same.
   */
  run<T>(call: BarrierCall, business: (local: LocalTransaction) => Promise<T>): Promise<BarrierResult<T>>;
}
