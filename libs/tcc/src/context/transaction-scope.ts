import type { BranchKind } from '../core/status.js';
import type { Monotonic } from '../core/monotonic-clock.js';

/** A try (or message) that asks to become a branch. */
export interface BranchRequest {
  readonly participant: string;
  readonly method: string;
  readonly kind: BranchKind;
  /** Encoded arguments. */
  readonly args: string;
  readonly timeLimitMs?: number | undefined;
}

/** A branch of the running transaction, as the interceptor sees it. */
export interface OpenBranch {
  readonly xid: string;
  readonly seq: number;
  /** When the transaction ends. */
  readonly deadline: Monotonic;
  /** Resolves when the branch row is durable; rejects when registration was refused or the ledger is away. */
  readonly registered: Promise<void>;
  /** The try took effect and returned this (encoded). */
  succeeded(result: string): void;
  /** The try ended with an error: the branch is to cancel. `answered` false: it may still be under way. */
  failed(answered: boolean): void;
}

/** One method under a global transaction: the initiator, or one that joined. Implemented by the coordinator. */
export interface TransactionScope {
  readonly xid: string;
  readonly name: string;
  /** When the transaction ends, on this process's clock and as a date. */
  readonly deadline: Monotonic;
  readonly deadlineDate: Date;
  /** Aborts at the deadline. */
  readonly signal: AbortSignal;
  /** Registers a branch. @throws TransactionClosedError when the scope has ended or the decision is taken */
  open(request: BranchRequest): OpenBranch;
  /**
   * Waits with the decision for a message to be recorded. One that cannot be, and whose failure nobody hears of, cancels
   * the transaction.
   *
   * @returns false when it came too late for that and the transaction is confirmed without it
   */
  expect(message: Promise<unknown>, isHeld: () => boolean): boolean;
  /** Makes the whole transaction cancel whatever its methods return. */
  cancelOnly(): void;
}
