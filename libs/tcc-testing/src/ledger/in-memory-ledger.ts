import {
  type Backlog,
  type BeginAnswer,
  type BeginWrite,
  type BranchRecord,
  type ClaimedTransaction,
  type ClaimRequest,
  type DecideAnswer,
  type DecideWrite,
  type HandBackWrite,
  isCancelled,
  type Lease,
  type LedgerBatch,
  type LedgerBatchAnswer,
  LedgerFailure,
  type LedgerPort,
  type PurgeAnswer,
  type PurgeRequest,
  type RegisterAnswer,
  type RegisterWrite,
  settledAs,
  type SettleAnswer,
  type SettleWrite,
  type TransactionView,
} from 'nestjs-tcc';
import { refuseUnkeepable } from './refuse-unkeepable.js';
import { type StoredAttempt, StoredTransaction } from './stored-transaction.js';

/**
 * The ledger for unit tests without a database: answers as the Postgres one does, but survives nothing. Never
 * `skipped`: there is one thread.
 *
 * @publicApi
 */
export class InMemoryLedger implements LedgerPort {
  private readonly transactions = new Map<string, StoredTransaction>();
  private readonly keys = new Map<string, StoredTransaction>();
  private readonly listeners = new Set<{ readonly service: string; readonly call: () => void }>();
  private closed = false;

  open(): Promise<void> {
    this.closed = false;
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  ping(): Promise<void> {
    return this.answer(() => {});
  }

  /** The history of failed attempts, for assertions. */
  attempts(xid: string): readonly StoredAttempt[] {
    return this.transactions.get(xid)?.attempts ?? [];
  }

  /** What is not settled, for assertions and messages. */
  unsettled(service: string): readonly TransactionView[] {
    return [...this.transactions.values()]
      .filter((row) => row.begun.service === service && (row.status === 'trying' || row.decision !== undefined))
      .map(({ view }) => view);
  }

  flush(batch: LedgerBatch): Promise<LedgerBatchAnswer> {
    return this.answer(() => {
      refuseUnkeepable(batch);
      return {
        begins: batch.begins.map((write) => this.begin(write)),
        registers: batch.registers.map((write) => this.register(write)),
        decides: batch.decides.map((write) => this.decide(write)),
        settles: batch.settles.map((write) => this.settle(write)),
      };
    });
  }

  claim({ service, owner, leaseMs, limit, except }: ClaimRequest): Promise<readonly ClaimedTransaction[]> {
    return this.answer(() =>
      [...this.transactions.values()]
        .filter((row) => row.due && row.begun.service === service && !except.includes(row.begun.xid))
        .sort((a, b) => a.dueSince - b.dueSince)
        .slice(0, limit)
        .flatMap((row) => {
          const epoch = row.claim(owner, leaseMs);
          this.freeKey(row);
          return claimed(row, owner, epoch);
        }),
    );
  }

  branches(xid: string): Promise<readonly BranchRecord[]> {
    return this.answer(() => this.transactions.get(xid)?.records ?? []);
  }

  renew(leases: readonly Lease[], leaseMs: number): Promise<ReadonlySet<string>> {
    return this.answer(() => {
      const held = leases.filter((lease) => this.held(lease) !== undefined);
      for (const lease of held) this.held(lease)?.renew(leaseMs);
      return new Set(held.map(({ xid }) => xid));
    });
  }

  release(leases: readonly Lease[]): Promise<void> {
    return this.answer(() => {
      const services = new Set<string>();
      for (const lease of leases) {
        const row = this.held(lease);
        row?.release();
        if (row !== undefined) services.add(row.begun.service);
      }
      for (const { service, call } of this.listeners) if (services.has(service)) queueMicrotask(call);
    });
  }

  handBack(write: HandBackWrite): Promise<boolean> {
    return this.answer(() => {
      const row = this.held(write);
      row?.handBack(write);
      return row !== undefined;
    });
  }

  find(xid: string): Promise<TransactionView | undefined> {
    return this.answer(() => this.transactions.get(xid)?.view);
  }

  backlog(service: string): Promise<Backlog> {
    return this.answer(() => {
      const rows = [...this.transactions.values()].filter(({ begun }) => begun.service === service);
      return {
        open: rows.filter((row) => row.open).length,
        parked: rows.reduce((sum, row) => sum + row.parked, 0),
      };
    });
  }

  purge({ service, retentionMs, after = '', limit }: PurgeRequest): Promise<PurgeAnswer> {
    return this.answer(() => {
      // what was made later cannot have settled so long ago
      const newest = Date.now() - retentionMs;
      const looked = [...this.transactions.values()]
        .filter(({ begun: { xid } }) => xid > after && madeAt(xid) <= newest)
        .sort((a, b) => (a.begun.xid < b.begun.xid ? -1 : 1))
        .slice(0, limit);
      const removed = looked.filter((row) => row.begun.service === service && row.settledFor(retentionMs));
      for (const row of removed) {
        const key = keyOf(row.begun);
        if (key !== undefined && this.keys.get(key) === row) this.keys.delete(key);
        this.transactions.delete(row.begun.xid);
      }
      return { removed: removed.length, upTo: looked.at(-1)?.begun.xid, more: looked.length === limit };
    });
  }

  onRelease(service: string, listener: () => void): Promise<() => Promise<void>> {
    return this.answer(() => {
      const entry = { service, call: listener };
      this.listeners.add(entry);
      return () => {
        this.listeners.delete(entry);
        return Promise.resolve();
      };
    });
  }

  private begin(write: BeginWrite): BeginAnswer {
    const mine = this.transactions.get(write.xid);
    if (mine !== undefined) return { answer: 'done', status: mine.status };
    const key = keyOf(write);
    const holder = key === undefined ? undefined : this.keys.get(key);
    if (holder !== undefined) return { answer: 'refused', holder: holder.holder };
    const row = new StoredTransaction(structuredClone(write));
    this.transactions.set(write.xid, row);
    if (key !== undefined) this.keys.set(key, row);
    return { answer: 'done', status: 'trying' };
  }

  private register({ xid, branches }: RegisterWrite): RegisterAnswer {
    const row = this.transactions.get(xid);
    if (row === undefined || row.status !== 'trying' || row.expired) return { answer: 'refused', status: row?.status };
    row.add(structuredClone(branches));
    return { answer: 'done' };
  }

  private decide(write: DecideWrite): DecideAnswer {
    const row = this.transactions.get(write.xid);
    if (row === undefined) return { answer: 'refused', status: undefined };
    if (row.status === 'trying') {
      if (write.to === 'confirming' && row.expired) return { answer: 'refused', status: 'trying' };
      row.decide(structuredClone(write));
      this.freeKey(row);
      return { answer: 'done', status: write.to, leased: true };
    }
    if (row.status !== write.to && row.status !== settledAs(write.to)) return { answer: 'refused', status: row.status };
    return { answer: 'done', status: row.status, leased: row.isFirstHeldBy(write.owner) };
  }

  private settle(write: SettleWrite): SettleAnswer {
    const row = this.transactions.get(write.xid);
    if (row?.wasSettledBy(write) === true) return { answer: 'done' };
    return { answer: row?.isHeldBy(write) === true && row.settle(write.seqs) ? 'done' : 'refused' };
  }

  private held(lease: Lease): StoredTransaction | undefined {
    const row = this.transactions.get(lease.xid);
    return row?.isHeldBy(lease) === true ? row : undefined;
  }

  /** The decision to cancel frees the key. */
  private freeKey(row: StoredTransaction): void {
    const key = keyOf(row.begun);
    if (key !== undefined && isCancelled(row.status) && this.keys.get(key) === row) this.keys.delete(key);
  }

  private async answer<T>(work: () => T): Promise<T> {
    await Promise.resolve(); // never in the caller's own turn, as no real ledger does
    if (this.closed) throw new LedgerFailure('unavailable', new Error('the in-memory ledger is closed'));
    return work();
  }
}

function claimed(row: StoredTransaction, owner: string, epoch: number): ClaimedTransaction[] {
  const { decision, plan, remainingMs, records: branches } = row;
  const { xid, name, order, baggage } = row.begun;
  if (decision === undefined) return [];
  return [{ xid, owner, epoch, name, decision, order, baggage, ...plan, remainingMs, branches }];
}

const keyOf = ({ service, name, key }: BeginWrite): string | undefined =>
  key === undefined ? undefined : JSON.stringify([service, name, key]);

/** The milliseconds that a UUIDv7 begins with. */
const madeAt = (xid: string): number => Number.parseInt(xid.slice(0, 13).replace('-', ''), 16);
