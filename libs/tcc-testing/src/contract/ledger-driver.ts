import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type {
  BeginAnswer,
  BeginWrite,
  BranchOutcomes,
  BranchWrite,
  ClaimedTransaction,
  DecideAnswer,
  DecideWrite,
  Lease,
  LedgerPort,
  PurgeAnswer,
  PurgeRequest,
  RegisterAnswer,
  SettleAnswer,
  SettleWrite,
  Skipped,
} from 'nestjs-tcc';

/** Far enough that nothing falls due during a test. */
export const LONG_MS = 600_000;

const EMPTY = { begins: [], registers: [], decides: [], settles: [] };

/** A UUIDv7: implementations may rely on its order in time. */
export function newXid(): string {
  const hex = Date.now().toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-7${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

/** A branch to register, seq 1 unless said otherwise. */
export const branch = (change: Partial<BranchWrite> = {}): BranchWrite => ({
  seq: 1,
  participant: 'payment',
  method: 'authorize',
  kind: 'tcc',
  args: '["order"]',
  ...change,
});

/** One write at a time in the words of the tests, each sent again for as long as it is skipped. */
export class LedgerDriver {
  /** Of this driver alone, so that tests sharing a store do not see each other's transactions. */
  readonly service = `contract-${randomBytes(6).toString('hex')}`;
  readonly owner = 'driver-1';

  constructor(readonly ledger: LedgerPort) {}

  /** A begin that is not sent yet. */
  newBegin(change: Partial<BeginWrite> = {}): BeginWrite {
    return {
      xid: newXid(),
      service: this.service,
      name: 'checkout',
      order: 'together',
      baggage: {},
      deadline: performance.now() + LONG_MS,
      branches: [branch()],
      ...change,
    };
  }

  begin(write: BeginWrite): Promise<BeginAnswer> {
    return again(async () => (await this.ledger.flush({ ...EMPTY, begins: [write] })).begins[0]);
  }

  register(xid: string, ...branches: BranchWrite[]): Promise<RegisterAnswer> {
    return again(async () => (await this.ledger.flush({ ...EMPTY, registers: [{ xid, branches }] })).registers[0]);
  }

  decide(xid: string, to: DecideWrite['to'], change: Partial<DecideWrite> = {}): Promise<DecideAnswer> {
    const outcomes: BranchOutcomes =
      to === 'confirming' ? { 1: { confirm: true, answered: true, result: '"hold"' } } : {};
    const write: DecideWrite = { xid, to, outcomes, owner: this.owner, leaseMs: LONG_MS, ...change };
    return again(async () => (await this.ledger.flush({ ...EMPTY, decides: [write] })).decides[0]);
  }

  settle(lease: Lease, seqs: SettleWrite['seqs'] = [1]): Promise<SettleAnswer> {
    const { xid, owner, epoch } = lease;
    return again(
      async () => (await this.ledger.flush({ ...EMPTY, settles: [{ xid, owner, epoch, seqs }] })).settles[0],
    );
  }

  claim(change: Partial<Parameters<LedgerPort['claim']>[0]> = {}): Promise<readonly ClaimedTransaction[]> {
    const request = { service: this.service, owner: 'driver-2', leaseMs: LONG_MS, limit: 100, except: [], ...change };
    return this.ledger.claim(request);
  }

  /** Removes what has settled, however long ago, unless told otherwise. */
  purge(change: Partial<PurgeRequest> = {}): Promise<PurgeAnswer> {
    return this.ledger.purge({ service: this.service, retentionMs: 0, limit: 1_000, ...change });
  }

  /** A transaction that has settled. @returns the lease that it settled under */
  async settled(to: DecideWrite['to'], begun: Partial<BeginWrite> = {}): Promise<Lease> {
    const lease = await this.decided(to, begun);
    await this.settle(lease);
    return lease;
  }

  /** Begins and decides a transaction. @returns its lease of epoch 1 */
  async decided(to: DecideWrite['to'], begun: Partial<BeginWrite> = {}, leaseMs = LONG_MS): Promise<Lease> {
    const write = this.newBegin(begun);
    await this.begin(write);
    await this.decide(write.xid, to, { leaseMs });
    return { xid: write.xid, owner: this.owner, epoch: 1 };
  }

  /** A decided transaction that another driver has taken over. @returns both leases, the lost one first */
  async takenOver(to: DecideWrite['to'] = 'confirming'): Promise<readonly [lost: Lease, current: ClaimedTransaction]> {
    const lost = await this.decided(to, {}, 0);
    const current = (await this.claim()).find(({ xid }) => xid === lost.xid);
    if (current === undefined) throw new Error('a transaction whose lease has run out was not claimed');
    return [lost, current];
  }
}

async function again<T extends { readonly answer: string }>(send: () => Promise<T | Skipped | undefined>): Promise<T> {
  for (let attempt = 0; attempt < 200; attempt++) {
    const answer = await send();
    if (answer === undefined) throw new Error('flush gave fewer answers than it was given writes');
    if (answer.answer !== 'skipped') return answer as T;
    await pause(5);
  }
  throw new Error('a write was skipped for a second though nobody holds its row');
}
