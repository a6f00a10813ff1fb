import type { Monotonic } from '../core/monotonic-clock.js';
import type { BranchRequest, OpenBranch, TransactionScope } from '../context/transaction-scope.js';
import type { ActiveTransaction } from './active-transaction.js';

/** The initiator, or a method that joined its transaction: the branches called inside share how it ends. */
export class Scope implements TransactionScope {
  private closed = false;
  private failed = false;

  constructor(
    readonly transaction: ActiveTransaction,
    private readonly parent?: Scope,
  ) {}

  get xid(): string {
    return this.transaction.xid;
  }
  get name(): string {
    return this.transaction.draft.name;
  }
  get deadline(): Monotonic {
    return this.transaction.deadline;
  }
  get deadlineDate(): Date {
    return this.transaction.deadlineDate;
  }
  get signal(): AbortSignal {
    return this.transaction.signal;
  }

  /** Ended, or inside one that has. */
  get isClosed(): boolean {
    return this.closed || (this.parent?.isClosed ?? this.transaction.isClosed);
  }

  /** Threw, or inside one that did: its branches are to cancel, whatever they answered. */
  get isFailed(): boolean {
    return this.failed || (this.parent?.isFailed ?? false);
  }

  open(request: BranchRequest): OpenBranch {
    return this.transaction.open(request, this);
  }

  expect(message: Promise<unknown>, isHeld: () => boolean): boolean {
    return this.transaction.expect(message, isHeld);
  }

  cancelOnly(): void {
    this.transaction.cancelOnly = true;
    if (this.parent) this.transaction.cancelledFromWithin = true;
  }

  close(): void {
    this.closed = true;
  }

  fail(): void {
    this.failed = true;
  }
}
