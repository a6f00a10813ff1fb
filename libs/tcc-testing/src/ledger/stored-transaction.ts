import {
  type AttemptWrite,
  type BeginWrite,
  type BranchOutcomes,
  type BranchRecord,
  type BranchSetback,
  type HandBackWrite,
  type BranchWrite,
  type Decision,
  type DecideWrite,
  type KeyHolder,
  type Lease,
  settledAs,
  type TransactionStatus,
  type TransactionView,
} from 'nestjs-tcc';

/** A branch row. Moments are on this process's monotonic clock. */
interface StoredBranch extends BranchWrite {
  settled: boolean;
  parkedBecause: string | undefined;
  attempts: number;
  postponements: number;
  alerted: boolean;
  /** undefined: due at once. */
  dueAt: number | undefined;
}

/** One failed attempt as kept for the history. */
export interface StoredAttempt extends AttemptWrite {
  readonly seq: number;
  readonly instance: string;
}

const now = (): number => performance.now();

/** A transaction row with its branches: what may be written when. */
export class StoredTransaction {
  status: TransactionStatus = 'trying';
  private owner: string | undefined;
  private epoch = 0;
  /** Owner and epoch stay after it: a write that is sent again finds itself by them. */
  private leased = false;
  /** By a decide write, not by a claim at the deadline: the two may have the same owner. */
  private decidedByWrite = false;
  readonly attempts: StoredAttempt[] = [];
  private readonly branches = new Map<number, StoredBranch>();
  private decidedAt = 0;
  private outcomes: BranchOutcomes = {};
  private result: string | undefined;
  private settledAt: number | undefined;
  /** When recovery may take it; undefined: never (settled, or nothing left but parked branches). */
  private dueAt: number | undefined;

  constructor(readonly begun: BeginWrite) {
    this.dueAt = begun.deadline;
    this.add(begun.branches);
  }

  /** A registration that is sent again changes nothing. */
  add(branches: readonly BranchWrite[]): void {
    for (const branch of branches) {
      if (this.branches.has(branch.seq)) continue;
      this.branches.set(branch.seq, {
        ...branch,
        settled: false,
        parkedBecause: undefined,
        attempts: 0,
        postponements: 0,
        alerted: false,
        dueAt: undefined,
      });
    }
  }

  get expired(): boolean {
    return this.begun.deadline <= now();
  }

  get decision(): Decision | undefined {
    return this.status === 'confirming' || this.status === 'cancelling' ? this.status : undefined;
  }

  decide(write: DecideWrite): void {
    this.enter(write.to, write.outcomes);
    this.decidedByWrite = true;
    if (write.to === 'confirming' && this.begun.key !== undefined) this.result = write.result;
    this.lease(write.owner, write.leaseMs);
  }

  /** Whether recovery may take it now; `trying` past its deadline counts. */
  get due(): boolean {
    return this.dueAt !== undefined && this.dueAt <= now();
  }

  /** For the order of claiming. */
  get dueSince(): number {
    return this.dueAt ?? Infinity;
  }

  claim(owner: string, leaseMs: number): number {
    if (this.status === 'trying') this.enter('cancelling', {});
    return this.lease(owner, leaseMs);
  }

  /** The lease stands: nobody else took over, though it may have run out. */
  isHeldBy(lease: Lease): boolean {
    return this.decision !== undefined && this.leased && this.wasLastHeldBy(lease);
  }

  /** Whether that owner's own decide write decided, and nobody has driven since. */
  isFirstHeldBy(owner: string): boolean {
    return this.decidedByWrite && this.isHeldBy({ xid: this.begun.xid, owner, epoch: 1 });
  }

  /** Closed by that lease, in an earlier sending. */
  wasSettledBy(lease: Lease): boolean {
    return this.settledAlready && this.wasLastHeldBy(lease);
  }

  renew(leaseMs: number): void {
    this.dueAt = now() + leaseMs;
  }

  /** The lease is given back and others may take over at once. */
  release(): void {
    this.leased = false;
    this.dueAt = now();
  }

  /** Marks as settled what a driver settled. @returns whether that was all: then the transaction has settled too */
  settle(seqs: readonly number[]): boolean {
    if (this.decision === undefined || this.unsettled.some(({ seq }) => !seqs.includes(seq))) return false;
    this.markSettled(seqs);
    this.status = settledAs(this.decision);
    this.settledAt = now();
    this.leased = false;
    this.dueAt = undefined;
    return true;
  }

  handBack({ settled, setbacks, instance, keepsLease }: HandBackWrite): void {
    this.markSettled(settled);
    for (const setback of setbacks) this.setBack(setback, instance);
    if (keepsLease === true) return;
    this.leased = false;
    if (this.settle([])) return;
    const waiting = this.unsettled.filter(({ parkedBecause }) => parkedBecause === undefined);
    this.dueAt = waiting.length === 0 ? undefined : Math.min(...waiting.map(({ dueAt }) => dueAt ?? now()));
  }

  /** Whether it settled at least so long ago. */
  settledFor(ms: number): boolean {
    return this.settledAt !== undefined && now() - this.settledAt >= ms;
  }

  get records(): readonly BranchRecord[] {
    return [...this.branches.values()]
      .sort((a, b) => a.seq - b.seq)
      .map(({ parkedBecause, dueAt, timeLimitMs, ...branch }) => ({
        ...branch,
        timeLimitMs,
        parked: parkedBecause !== undefined,
        dueInMs: dueAt === undefined ? 0 : dueAt - now(),
      }));
  }

  get remainingMs(): number {
    return this.begun.deadline - now();
  }

  get plan(): { readonly outcomes: BranchOutcomes; readonly decidedMsAgo: number } {
    return { outcomes: this.outcomes, decidedMsAgo: now() - this.decidedAt };
  }

  get holder(): KeyHolder {
    const { xid, fingerprint } = this.begun;
    return { xid, status: this.status, fingerprint, result: this.result, remainingMs: this.remainingMs };
  }

  get parked(): number {
    return this.unsettled.filter(({ parkedBecause }) => parkedBecause !== undefined).length;
  }

  /** Whether somebody else than an operator has to do something. */
  get open(): boolean {
    return this.status === 'trying' || (this.decision !== undefined && this.dueAt !== undefined);
  }

  get view(): TransactionView {
    return { xid: this.begun.xid, name: this.begun.name, status: this.status, parked: this.parked };
  }

  private get unsettled(): StoredBranch[] {
    return [...this.branches.values()].filter(({ settled }) => !settled);
  }

  private enter(to: Decision, outcomes: BranchOutcomes): void {
    this.status = to;
    this.outcomes = outcomes;
    this.decidedAt = now();
  }

  private lease(owner: string, leaseMs: number): number {
    this.owner = owner;
    this.leased = true;
    this.dueAt = now() + leaseMs;
    this.epoch += 1;
    return this.epoch;
  }

  private wasLastHeldBy({ owner, epoch }: Lease): boolean {
    return this.owner === owner && this.epoch === epoch;
  }

  private get settledAlready(): boolean {
    return this.status === 'confirmed' || this.status === 'cancelled';
  }

  private markSettled(seqs: readonly number[]): void {
    for (const seq of seqs) {
      const branch = this.branches.get(seq);
      if (branch !== undefined) Object.assign(branch, { settled: true, parkedBecause: undefined, dueAt: undefined });
    }
  }

  private setBack(setback: BranchSetback, instance: string): void {
    const { seq, attempts, postponements, alerted, dueInMs, parkedBecause, attempt } = setback;
    const branch = this.branches.get(seq);
    if (branch === undefined || branch.settled) return;
    Object.assign(branch, {
      attempts,
      postponements,
      alerted,
      dueAt: dueInMs === undefined ? undefined : now() + dueInMs,
      parkedBecause: dueInMs === undefined ? (parkedBecause ?? 'parked') : undefined,
    });
    if (attempt !== undefined) this.attempts.push({ ...attempt, seq, instance });
  }
}
