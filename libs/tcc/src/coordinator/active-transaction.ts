import type { Baggage } from '../context/execution-context.js';
import type { BranchRequest, OpenBranch } from '../context/transaction-scope.js';
import { describeError } from '../core/describe-error.js';
import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import { newXid } from '../core/xid.js';
import { PayloadError } from '../errors/payload.error.js';
import { LedgerFailure } from '../ledger/ledger-failure.js';
import { LedgerUnavailableError } from '../errors/ledger-unavailable.error.js';
import { TransactionClosedError } from '../errors/transaction-closed.error.js';
import { TransactionTimedOutError } from '../errors/transaction-timed-out.error.js';
import type { GroupCommit } from '../ledger/group-commit.js';
import type {
  BeginWrite,
  BranchOutcome,
  BranchOutcomes,
  BranchRecord,
  BranchWrite,
  PhaseTwoOrder,
} from '../ledger/ledger.types.js';
import { Scope } from './scope.js';

/** What a global transaction is made of. */
export interface TransactionDraft {
  readonly service: string;
  readonly name: string;
  readonly timeoutMs: number;
  readonly order: PhaseTwoOrder;
  readonly baggage: Baggage;
  readonly key: string | undefined;
  readonly fingerprint: string | undefined;
}

class ActiveBranch implements OpenBranch {
  state: 'open' | 'succeeded' | 'failed' = 'open';
  answered = false;
  result: string | undefined;
  registered!: Promise<void>;

  constructor(
    readonly xid: string,
    readonly deadline: Monotonic,
    readonly write: BranchWrite,
    readonly scope: Scope,
  ) {}

  get seq(): number {
    return this.write.seq;
  }

  /** A message has, once it is recorded; a try, once it took effect and returned something. */
  succeeded(result?: string): void {
    this.state = 'succeeded';
    this.answered = true;
    this.result = result;
  }

  failed(answered: boolean): void {
    this.state = 'failed';
    this.answered = answered;
  }
}

/** A global transaction while its initiator runs: what it has begun, and what has become of its branches. */
export class ActiveTransaction {
  readonly xid = newXid();
  readonly deadline: Monotonic;
  readonly deadlineDate: Date;
  readonly root: Scope;
  // Constructed, so that V8 allocates it with the young objects (docs/performance.md).
  private readonly branches = new Set<ActiveBranch>();
  private readonly messages: Promise<void>[] = [];
  private readonly unrecorded: { readonly error: unknown; readonly isHeld: () => boolean }[] = [];
  private abort: AbortController | undefined;
  private expiry: TransactionTimedOutError | undefined;
  private begun: Promise<void> | undefined;
  private hasBegun = false;
  /** How its initiator has ended; undefined: it has not. */
  private ended: 'returned' | 'failed' | undefined;
  /** Asked for by `cancelOnly()`. */
  cancelOnly = false;
  /** Asked for by a joined method: the initiator does not know. */
  cancelledFromWithin = false;

  constructor(
    readonly draft: TransactionDraft,
    private readonly ledger: Pick<GroupCommit, 'begin' | 'register'>,
    /** The coordinator it belongs to. */
    readonly home: object,
  ) {
    this.deadline = monotonicNow() + draft.timeoutMs;
    this.deadlineDate = new Date(Date.now() + draft.timeoutMs);
    this.root = new Scope(this);
  }

  /** Aborts at the deadline. */
  get signal(): AbortSignal {
    if (!this.abort) {
      this.abort = new AbortController();
      if (this.expiry) this.abort.abort(this.expiry);
    }
    return this.abort.signal;
  }

  /** Whether anything of it may be in the ledger. */
  get isRecorded(): boolean {
    return this.begun !== undefined;
  }

  get isClosed(): boolean {
    return this.ended !== undefined;
  }

  /** No further branch from here on. It is to be cancelled after all where what follows fails. */
  close(how: 'returned' | 'failed'): void {
    this.ended = how;
  }

  /** Tells the initiator's code that the deadline has passed. */
  expire(error: TransactionTimedOutError): void {
    this.expiry = error;
    this.abort?.abort(error);
  }

  timedOut(): TransactionTimedOutError {
    return new TransactionTimedOutError(this.draft.name, this.xid, this.draft.timeoutMs);
  }

  /** The write that begins it with these branches. */
  beginWrite(branches: readonly BranchWrite[]): BeginWrite {
    const { service, name, key, fingerprint, order, baggage } = this.draft;
    return { xid: this.xid, service, name, key, fingerprint, order, baggage, deadline: this.deadline, branches };
  }

  /** Says that the row is there already, as it is for a transaction with a key. */
  markBegun(): void {
    this.begun = Promise.resolve();
    this.hasBegun = true;
  }

  /** Records a branch. The row is on its way when this returns. */
  open(request: BranchRequest, scope: Scope): OpenBranch {
    const what = `${request.participant}.${request.method}`;
    if (this.isClosed || scope.isClosed) throw new TransactionClosedError(what, this.xid);
    if (monotonicNow() >= this.deadline) throw this.timedOut();
    const { participant, method, kind, args, timeLimitMs } = request;
    const write: BranchWrite = { seq: this.branches.size + 1, participant, method, kind, args, timeLimitMs };
    const branch = new ActiveBranch(this.xid, this.deadline, write, scope);
    this.branches.add(branch);
    branch.registered = this.record(write, what);
    // whoever awaits it hears of a failure; a try that overlaps with it may never get so far
    branch.registered.catch(() => undefined);
    if (request.kind === 'message') {
      this.messages.push(branch.registered.then(() => branch.succeeded()).catch(() => undefined));
    }
    return branch;
  }

  /** See {@link Scope.expect}. */
  expect(message: Promise<unknown>, isHeld: () => boolean): boolean {
    if (this.isClosed) return this.ended === 'failed' || this.cancelOnly;
    const failed = (error: unknown): void => {
      this.unrecorded.push({ error, isHeld });
    };
    this.messages.push(message.then(() => undefined, failed));
    return true;
  }

  /**
   * Resolves when it is known of every message whether it is recorded; undefined: there are none. A call of one that is declared `void` is awaited
   * by nobody, and must not be lost because the decision was faster.
   *
   * @throws why one could not be recorded, when nobody but us hears of it
   */
  messagesRecorded(): Promise<void> | undefined {
    return this.messages.length === 0 && this.unrecorded.length === 0 ? undefined : this.allRecorded();
  }

  private async allRecorded(): Promise<void> {
    await Promise.all(this.messages);
    const lost = this.unrecorded.find(({ isHeld }) => !isHeld());
    if (lost) throw lost.error;
  }

  /**
   * What the decision says of each branch. To confirm: those whose try is known to have succeeded, in a scope that has
   * returned. Everything else is to cancel, what is still under way included.
   */
  outcomes(): BranchOutcomes {
    const outcomes: Record<number, BranchOutcome> = {};
    for (const { write, scope, state, answered, result } of this.branches) {
      const confirm = state === 'succeeded' && scope.hasSucceeded;
      // as JSON it is not there when it is undefined
      outcomes[write.seq] = { confirm, answered, result: confirm ? result : undefined };
    }
    return outcomes;
  }

  /** The branches as a driver reads them from the ledger. */
  records(): BranchRecord[] {
    return Array.from(this.branches, ({ write: { seq, participant, method, kind, args, timeLimitMs } }) => ({
      seq,
      participant,
      method,
      kind,
      args,
      timeLimitMs,
      settled: false,
      parked: false,
      attempts: 0,
      postponements: 0,
      alerted: false,
      dueInMs: 0,
    }));
  }

  private record(branch: BranchWrite, what: string): Promise<void> {
    // lazily: the row of the transaction is written with its first branch
    this.begun ??= this.begin(branch, what);
    return branch.seq === 1 && this.draft.key === undefined ? this.begun : this.register(branch, what, this.begun);
  }

  private register(branch: BranchWrite, what: string, begun: Promise<void>): Promise<void> {
    const registered = this.ledger.register({ xid: this.xid, branches: [branch] }, this.deadline).then(
      (answer) => {
        if (answer.answer === 'done') return;
        throw answer.status === 'trying' ? this.timedOut() : new TransactionClosedError(what, this.xid);
      },
      (cause: unknown) => {
        throw this.silence(`registration of ${what}`, cause);
      },
    );
    if (this.hasBegun) return registered;
    // asked in the same turn as the begin, so that both go out together; judged in their order
    registered.catch(() => undefined);
    return begun.then(() => registered);
  }

  private begin(branch: BranchWrite, what: string): Promise<void> {
    return this.ledger.begin(this.beginWrite([branch])).then(
      (answer) => {
        // a begin that was sent twice may find that recovery has cancelled it meanwhile
        if (answer.answer === 'refused' || answer.status !== 'trying') throw this.timedOut();
        this.hasBegun = true;
      },
      (cause: unknown) => {
        throw this.silence(`begin of ${this.draft.name} with ${what}`, cause);
      },
    );
  }

  /** The ledger did not take a write: in whose time, or because of whose value, decides what the caller is told. */
  private silence(what: string, cause: unknown): Error {
    if (cause instanceof LedgerFailure && cause.kind === 'rejected')
      return new PayloadError(what, describeError(cause), 'write', { xid: this.xid, cause });
    return monotonicNow() >= this.deadline ? this.timedOut() : new LedgerUnavailableError(what, this.xid, cause);
  }
}
