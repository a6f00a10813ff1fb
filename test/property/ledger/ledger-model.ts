import type { BranchKind, Decision, TransactionStatus } from 'nestjs-tcc';

/** Time passes in steps of so many milliseconds only: far more than a run takes, so that nothing is ever nearly due. */
export const STEP_MS = 10_000;

/** A branch; moments are in steps. */
export interface ModelBranch {
  readonly seq: number;
  readonly kind: BranchKind;
  settled: boolean;
  parked: boolean;
  attempts: number;
  dueAt: number;
}

/** A branch as it is registered. */
export type NewBranch = Pick<ModelBranch, 'seq' | 'kind'>;

/** What a transaction is begun with. */
export interface Begun {
  readonly xid: string;
  readonly service: string;
  readonly key: string | undefined;
  readonly fingerprint: string | undefined;
  readonly deadline: number;
  readonly branches: readonly NewBranch[];
}

/** The rules of the design, §3 and §4, for one transaction. */
export class ModelTransaction {
  status: TransactionStatus = 'trying';
  owner: string | undefined;
  epoch = 0;
  leased = false;
  /** By its initiator, not by recovery. */
  private decidedByWrite = false;
  decidedAt = 0;
  /** When recovery may take it; Infinity: never. */
  dueAt: number;
  result: string | undefined;
  readonly branches = new Map<number, ModelBranch>();

  constructor(readonly begun: Begun) {
    this.dueAt = begun.deadline;
    this.add(begun.branches);
  }

  get settled(): boolean {
    return this.status === 'confirmed' || this.status === 'cancelled';
  }

  /** Only these keep others from the key: the decision to cancel frees it. */
  get holdsKey(): boolean {
    return this.begun.key !== undefined && !this.status.startsWith('cancel');
  }

  register(branches: readonly NewBranch[], now: number): boolean {
    if (this.status !== 'trying' || this.begun.deadline <= now) return false;
    this.add(branches);
    return true;
  }

  private add(branches: readonly NewBranch[]): void {
    for (const { seq, kind } of branches) {
      if (!this.branches.has(seq))
        this.branches.set(seq, { seq, kind, settled: false, parked: false, attempts: 0, dueAt: -Infinity });
    }
  }

  /** @returns what the sender of the decision is told */
  decide(
    to: Decision,
    write: { owner: string; result: string | undefined; leaseSteps: number },
    now: number,
  ): { answer: 'done'; status: TransactionStatus; leased: boolean } | { answer: 'refused'; status: TransactionStatus } {
    if (this.status === 'trying') {
      if (to === 'confirming' && this.begun.deadline <= now) return { answer: 'refused', status: 'trying' };
      this.enter(to, write.owner, write.leaseSteps, now);
      this.decidedByWrite = true;
      this.result = write.result;
      return { answer: 'done', status: to, leased: true };
    }
    const same = this.status.slice(0, 7) === to.slice(0, 7); // confirming and confirmed, cancelling and cancelled
    if (!same) return { answer: 'refused', status: this.status };
    const leased = this.decidedByWrite && this.leased && this.epoch === 1 && this.owner === write.owner;
    return { answer: 'done', status: this.status, leased };
  }

  claim(owner: string, leaseSteps: number, now: number): void {
    if (this.status === 'trying') this.enter('cancelling', owner, leaseSteps, now);
    else this.lease(owner, leaseSteps, now);
  }

  /** Fenced by owner and epoch alone: a lease that ran out and that nobody took over stands. */
  isHeldBy(owner: string, epoch: number): boolean {
    return this.leased && this.wasHeldBy(owner, epoch);
  }

  renew(leaseSteps: number, now: number): void {
    this.dueAt = now + leaseSteps;
  }

  release(now: number): void {
    this.leased = false;
    this.owner = undefined;
    this.dueAt = now;
  }

  settle(owner: string, epoch: number, seqs: readonly number[]): boolean {
    if (this.settled) return this.wasHeldBy(owner, epoch);
    const open = [...this.branches.values()].some((branch) => !branch.settled && !seqs.includes(branch.seq));
    if (!this.isHeldBy(owner, epoch) || open) return false;
    for (const branch of this.branches.values()) Object.assign(branch, { settled: true, parked: false });
    this.close();
    return true;
  }

  handBack(
    settled: readonly number[],
    setbacks: readonly { seq: number; attempts: number; dueInSteps: number | undefined }[],
    now: number,
  ): void {
    this.leased = false;
    for (const branch of this.branches.values()) {
      const setback = setbacks.find(({ seq }) => seq === branch.seq);
      if (branch.settled) continue;
      if (settled.includes(branch.seq)) Object.assign(branch, { settled: true, parked: false });
      else if (setback)
        Object.assign(branch, {
          attempts: setback.attempts,
          parked: setback.dueInSteps === undefined,
          dueAt: now + (setback.dueInSteps ?? 0),
        });
    }
    const open = [...this.branches.values()].filter((branch) => !branch.settled);
    if (open.length === 0) this.close();
    // never called: due at once, that is now, however long it has been so
    else this.dueAt = Math.min(...open.map((b) => (b.parked ? Infinity : b.dueAt === -Infinity ? now : b.dueAt)));
  }

  get parked(): number {
    return [...this.branches.values()].filter((branch) => branch.parked && !branch.settled).length;
  }

  private close(): void {
    this.status = this.status === 'confirming' ? 'confirmed' : 'cancelled';
    this.leased = false;
    this.dueAt = Infinity;
  }

  private wasHeldBy(owner: string, epoch: number): boolean {
    return this.owner === owner && this.epoch === epoch;
  }

  private enter(to: Decision, owner: string, leaseSteps: number, now: number): void {
    this.status = to;
    this.decidedAt = now;
    this.lease(owner, leaseSteps, now);
  }

  private lease(owner: string, leaseSteps: number, now: number): void {
    this.owner = owner;
    this.leased = true;
    this.epoch += 1;
    this.dueAt = now + leaseSteps;
  }
}

/** A ledger of such transactions. */
export class LedgerModel {
  now = 0;
  readonly transactions = new Map<string, ModelTransaction>();

  /** @returns the transaction that holds the key, if another one does */
  begin(begun: Begun): ModelTransaction | undefined {
    // an earlier sending of the same begin counts before anybody's key
    if (this.transactions.has(begun.xid)) return undefined;
    const holder = this.holderOf(begun);
    if (holder) return holder;
    this.transactions.set(begun.xid, new ModelTransaction(begun));
    return undefined;
  }

  holderOf({ service, key }: Pick<Begun, 'service' | 'key'>): ModelTransaction | undefined {
    return [...this.transactions.values()].find(
      (each) => each.holdsKey && each.begun.service === service && each.begun.key === key,
    );
  }

  due(service: string, except: readonly string[]): ModelTransaction[] {
    return [...this.transactions.values()].filter(
      ({ begun, dueAt }) => begun.service === service && dueAt <= this.now && !except.includes(begun.xid),
    );
  }
}
