import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { DataSource, type DataSourceOptions, EntitySchema } from 'typeorm';
import { monotonicNow } from '../../libs/tcc/src/core/monotonic-clock.js';
import type { FaultHook, FaultPoint } from '../../libs/tcc/src/core/fault-point.js';
import type { BarrierCall, BarrierResult, LocalTransaction } from '../../libs/tcc/src/barrier/barrier.port.js';
import { joinDataSource } from '../../libs/tcc/src/barrier/join-data-source.js';
import { TypeOrmBarrier } from '../../libs/tcc/src/barrier/typeorm-barrier.js';
import { runWith } from '../../libs/tcc/src/context/execution-context.js';
import { createTestDatabase, type TestDatabase } from './database.js';

/** What a branch holds of an account; keyed by branch, as the guide asks for. */
export interface HoldRow {
  key: string;
  account: string;
  amount: number;
}

export const Hold = new EntitySchema<HoldRow>({
  name: 'hold',
  columns: { key: { type: String, primary: true }, account: { type: String }, amount: { type: Number } },
});

/**
 * When business code starts: behind the barrier's answer, or ahead of it, where its first statement takes the opening
 * along. What comes of a phase is the same.
 */
export type Way = 'behind' | 'ahead';
export const WAYS: readonly Way[] = ['behind', 'ahead'];

export interface BarrierBench {
  readonly dataSource: DataSource;
  readonly barrier: TypeOrmBarrier;
  /** A connection of its own, outside everything. */
  readonly observer: pg.Client;
  /** Called at the barrier's steps; a test may replace what it does. */
  faults: (point: FaultPoint) => Promise<void> | undefined;
  /** Runs a phase as the participant layer does. */
  phase<T>(call: BarrierCall, business: (local: LocalTransaction) => Promise<T>): Promise<BarrierResult<T>>;
  /** Keys of the holds in the database. */
  holds(): Promise<string[]>;
  /** Status of a branch's barrier row. */
  status(call: BarrierCall): Promise<string | undefined>;
  /** Resolves when `count` backends of this database wait for a lock. */
  blocked(count?: number): Promise<void>;
  close(): Promise<void>;
}

/** A bench for all tests of a `describe`, on a database of its own. Each begins with empty tables and without faults. */
export function useBarrierBench(way: Way, options: Partial<DataSourceOptions> = {}): BarrierBench & HasDatabase {
  const bench = {} as BarrierBench & HasDatabase;
  beforeAll(async () => {
    bench.database = await createTestDatabase();
    await openBarrierBench(bench.database.url, options, way, bench);
  });
  afterAll(async () => {
    await bench.close();
    await bench.database.drop();
  });
  beforeEach(async () => {
    bench.faults = () => undefined;
    await bench.observer.query('truncate hold, tcc_barrier');
  });
  return bench;
}

/** @param bench what becomes one */
export async function openBarrierBench(
  url: string,
  options: Partial<DataSourceOptions> = {},
  way: Way = 'behind',
  bench = {} as BarrierBench,
): Promise<BarrierBench> {
  const dataSource = new DataSource({ type: 'postgres', url, entities: [Hold], ...options } as DataSourceOptions);
  await dataSource.initialize();
  const leave = joinDataSource(dataSource);
  const observer = new pg.Client(url);
  await observer.connect();
  await observer.query('set default_transaction_read_only = off');
  await observer.query(
    'create table if not exists hold (key text primary key, account text not null, amount int not null)',
  );
  const fault: FaultHook = (point) => bench.faults(point);
  const barrier = new TypeOrmBarrier(dataSource, { name: 'bench', migrations: 'run', fault });
  await barrier.open();

  return Object.assign(bench, {
    dataSource,
    barrier,
    observer,
    faults: () => undefined,
    phase: (call, business) =>
      barrier.run(way === 'ahead' ? { ...call, mayRunAhead: true } : call, (local) =>
        runWith(
          {
            branch: {
              xid: call.xid,
              seq: call.seq,
              phase: call.phase,
              kind: call.kind,
              name: call.branch,
              self: bench,
              method: call.phase,
              local,
            },
          },
          () => business(local),
        ),
      ),
    holds: async () => (await observer.query<HoldRow>('select key from hold order by key')).rows.map(({ key }) => key),
    status: async ({ xid, seq }) =>
      (
        await observer.query<{ status: string }>('select status from tcc_barrier where xid = $1 and seq = $2', [
          xid,
          seq,
        ])
      ).rows[0]?.status,
    blocked: async (count = 1) => {
      const waiting = `select count(*)::int as n from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
      const giveUp = monotonicNow() + 10_000;
      while (((await observer.query<{ n: number }>(waiting)).rows[0]?.n ?? 0) < count) {
        if (monotonicNow() > giveUp) throw new Error(`fewer than ${count} backends wait for a lock`);
      }
    },
    close: async () => {
      leave();
      await observer.end();
      await dataSource.destroy();
    },
  } satisfies BarrierBench);
}

interface HasDatabase {
  database: TestDatabase;
}

type Change = Partial<Omit<BarrierCall, 'phase'>>;

/** The deliveries of one branch, a new one unless `xid` is given. */
export function branch(change: Change = {}): {
  key: string;
  try: BarrierCall;
  confirm: BarrierCall;
  cancel: BarrierCall;
} {
  const call = { xid: randomUUID(), seq: 1, kind: 'tcc' as const, branch: 'payment.authorize', ...change };
  const { evenIfNotTried, deadline, beforeCommit, ...common } = call;
  return {
    key: `${call.xid}:${call.seq}`,
    try: {
      ...common,
      phase: 'try',
      deadline: deadline ?? monotonicNow() + 30_000,
      ...(beforeCommit && { beforeCommit }),
    },
    confirm: { ...common, phase: 'confirm' },
    cancel: { ...common, phase: 'cancel', ...(evenIfNotTried && { evenIfNotTried }) },
  };
}

/** A promise with its handles outside, to hold something at a step until the test says so. */
export function gate<T = void>(): { wait: Promise<T>; open: (value: T) => void } {
  let open!: (value: T) => void;
  const wait = new Promise<T>((resolve) => (open = resolve));
  return { wait, open };
}

/** Holds at a step of the barrier: `reached` resolves when a delivery stands there, `go` lets it on. */
export function pauseAt(bench: BarrierBench, at: FaultPoint): { reached: Promise<void>; go: () => void } {
  const reached = gate();
  const go = gate();
  let first = true;
  bench.faults = (point) => {
    if (point !== at || !first) return undefined;
    first = false;
    reached.open();
    return go.wait;
  };
  return { reached: reached.wait, go: () => go.open() };
}
