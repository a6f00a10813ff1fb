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

  /**
   * Whether its branches may be confirmed: a joined method, and those it is inside, have returned. One that threw, or
   * that nobody has awaited and that is still at work, has not: all of its branches are to cancel, whatever they answered.
   */
  get hasSucceeded(): boolean {
    return this.parent === undefined || (this.closed && !this.failed && this.parent.hasSucceeded);
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
