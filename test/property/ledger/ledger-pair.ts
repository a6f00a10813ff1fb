import type {
  Backlog,
  BranchRecord,
  ClaimedTransaction,
  ClaimRequest,
  HandBackWrite,
  Lease,
  LedgerBatch,
  LedgerBatchAnswer,
  LedgerPort,
  PostgresLedger,
  TransactionView,
} from 'nestjs-tcc';
import { InMemoryLedger } from 'nestjs-tcc-testing';
import { LedgerFixture } from '../../support/ledger-fixture.js';
import { expectSame } from '../expect-same.js';
import { STEP_MS } from './ledger-model.js';

/** Lengths of time in whole steps: two stores need not take the same time for the same work. */
const steps = (ms: number): number => Math.round(ms / STEP_MS) + 0; // no -0

/** Two implementations of the port that are asked the same; a difference between their answers is an error. */
export class LedgerPair {
  private constructor(
    private readonly fixture: LedgerFixture,
    private readonly postgres: PostgresLedger,
    private readonly memory: InMemoryLedger,
    /** Moves the clock that the one in memory keeps its times on. */
    private readonly advance: (ms: number) => void,
  ) {}

  static async create(advance: (ms: number) => void): Promise<LedgerPair> {
    const fixture = await LedgerFixture.create();
    const memory = new InMemoryLedger();
    await memory.open();
    return new LedgerPair(fixture, await fixture.ledger(), memory, advance);
  }

  flush(batch: LedgerBatch): Promise<LedgerBatchAnswer> {
    return this.both(async (ledger) => {
      const { begins, ...others } = await ledger.flush(batch);
      return {
        ...others,
        begins: begins.map((answer) =>
          answer.answer === 'refused'
            ? { ...answer, holder: { ...answer.holder, remainingMs: steps(answer.holder.remainingMs) } }
            : answer,
        ),
      };
    });
  }

  claim(request: ClaimRequest): Promise<readonly ClaimedTransaction[]> {
    return this.both(async (ledger) =>
      (await ledger.claim(request))
        .map(({ remainingMs, decidedMsAgo, branches, ...claimed }) => ({
          ...claimed,
          remainingMs: steps(remainingMs),
          decidedMsAgo: steps(decidedMsAgo),
          branches: branches.map(inSteps),
        }))
        .sort((a, b) => (a.xid < b.xid ? -1 : 1)),
    );
  }

  renew(leases: readonly Lease[], leaseMs: number): Promise<readonly string[]> {
    return this.both(async (ledger) => [...(await ledger.renew(leases, leaseMs))].sort());
  }

  async release(leases: readonly Lease[]): Promise<void> {
    await this.both((ledger) => ledger.release(leases));
  }

  handBack(write: HandBackWrite): Promise<boolean> {
    return this.both((ledger) => ledger.handBack(write));
  }

  find(xid: string): Promise<TransactionView | undefined> {
    return this.both((ledger) => ledger.find(xid));
  }

  /** @param settled whether its transaction is: then what the rows themselves say is not looked at by anybody */
  branches(xid: string, settled: boolean): Promise<readonly BranchRecord[]> {
    return this.both(async (ledger) =>
      (await ledger.branches(xid)).map((branch) => ({
        ...inSteps(branch),
        ...(settled ? { settled: true, parked: false, dueInMs: 0 } : {}),
      })),
    );
  }

  backlog(service: string): Promise<Backlog> {
    return this.both((ledger) => ledger.backlog(service));
  }

  /** The history of failed attempts must be the same too. */
  async compareAttempts(xid: string): Promise<void> {
    const rows = await this.fixture.rows<{ text: string }>(
      `select concat_ws(' ', seq, phase, duration_ms, error_code, error_message, instance) as text
       from tcc_attempt where xid = $1 order by 1`,
      [xid],
    );
    const kept = this.memory
      .attempts(xid)
      .map((a) => [a.seq, a.phase, a.durationMs, a.errorCode, a.errorMessage, a.instance].join(' '))
      .sort();
    const found = rows.map(({ text }) => text);
    expectSame('attempts in Postgres and in memory', found, kept);
  }

  /** Every stored moment is that much longer ago. */
  async pass(howMany: number): Promise<void> {
    this.advance(howMany * STEP_MS);
    const by = `interval '${howMany * STEP_MS} milliseconds'`;
    const back = (...columns: string[]): string => columns.map((column) => `${column} = ${column} - ${by}`).join(', ');
    await this.fixture.rows(
      `with branches as (update tcc_branch set ${back('due_at')})
       update tcc_transaction set ${back('created_at', 'deadline', 'decided_at', 'lease_until', 'due_at')}`,
    );
  }

  async close(): Promise<void> {
    await this.memory.close();
    await this.fixture.drop();
  }

  private async both<T>(ask: (ledger: LedgerPort) => Promise<T>): Promise<T> {
    const [real, kept] = [await ask(this.postgres), await ask(this.memory)];
    expectSame('Postgres and memory', real, kept);
    return real;
  }
}

const inSteps = (branch: BranchRecord): BranchRecord => ({ ...branch, dueInMs: steps(branch.dueInMs) });
