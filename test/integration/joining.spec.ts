import pg from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';
import type { LocalTransaction } from '../../libs/tcc/src/barrier/barrier.port.js';
import { branch, gate, Hold, openBarrierBench, useBarrierBench, WAYS } from '../support/barrier-bench.js';

/** How many queries one pg client had under way at most: pg deprecates more than one. */
function queriesAtOnce(): { most: () => number; stop: () => void } {
  type Query = (this: object, ...args: unknown[]) => unknown;
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  const underWay = new WeakMap<object, number>();
  let most = 0;
  prototype.query = function (...args) {
    const add = (by: number) => void underWay.set(this, (underWay.get(this) ?? 0) + by);
    type Callback = (...answer: unknown[]) => void;
    const counted =
      (callback: Callback): Callback =>
      (...answer) => (add(-1), callback(...answer));
    const own = args[0] as { submit?: unknown; callback: Callback };
    // Where it is its own answer it tells by its callback when it has one.
    if (typeof own === 'object' && own.submit) own.callback = counted(own.callback);
    const last = args.at(-1);
    if (typeof last === 'function') args[args.length - 1] = counted(last as Callback);
    const answer = query.apply(this, args);
    add(1);
    most = Math.max(most, underWay.get(this) ?? 0);
    if (answer instanceof Promise) {
      void answer.then(
        () => add(-1),
        () => add(-1),
      );
    }
    return answer;
  };
  return { most: () => most, stop: () => void (prototype.query = query) };
}

describe.each(WAYS)('queries inside a phase, business code %s', (way) => {
  // Two connections: a query that did not join would have one, and could be seen.
  const bench = useBarrierBench(way, { extra: { max: 2 } });

  const row = (key: string) => ({ key, account: 'a', amount: 1 });
  const raw = (key: string) => bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
  const repository = () => bench.dataSource.getRepository(Hold);
  const refuse = () => Promise.reject(new Error('refused'));

  /** Each way to write that an application has; `local` is what tcc.branch offers. */
  const WRITES: [string, (local: LocalTransaction) => Promise<unknown>][] = [
    ['repository.save', () => repository().save(row('x'))],
    ['repository.insert', () => repository().insert(row('x'))],
    ['repository query builder', () => repository().createQueryBuilder().insert().values(row('x')).execute()],
    [
      'dataSource query builder',
      () => bench.dataSource.createQueryBuilder().insert().into(Hold).values(row('x')).execute(),
    ],
    ['dataSource.query', () => raw('x')],
    ['dataSource.manager.save', () => bench.dataSource.manager.save(Hold, row('x'))],
    ['dataSource.transaction', () => bench.dataSource.transaction((m) => m.save(Hold, row('x')))],
    [
      'dataSource.transaction with a level',
      () => bench.dataSource.transaction('SERIALIZABLE', (m) => m.insert(Hold, row('x'))),
    ],
    ['manager.transaction', () => repository().manager.transaction((m) => m.insert(Hold, row('x')))],
    [
      'an injected repository in a transaction',
      () => bench.dataSource.transaction(() => repository().insert(row('x'))),
    ],
    ['the branch manager', (local) => (local.manager as EntityManager).save(Hold, row('x'))],
    [
      'the branch manager, transaction',
      (local) => (local.manager as EntityManager).transaction((m) => m.insert(Hold, row('x'))),
    ],
    ['a runner', () => withRunner((runner) => runner.query(`insert into hold values ('x', 'a', 1)`))],
    ['a runner, its manager', () => withRunner((runner) => runner.manager.save(Hold, row('x')))],
    [
      'a runner, explicit transaction',
      () => withRunner((runner) => explicitly(runner, () => runner.manager.insert(Hold, row('x')))),
    ],
    [
      'a runner, its pg client',
      () => withRunner(async (runner) => (await runner.connect()).query(`insert into hold values ('x', 'a', 1)`)),
    ],
  ];

  async function withRunner(work: (runner: QueryRunner) => Promise<unknown>): Promise<void> {
    const runner = bench.dataSource.createQueryRunner();
    try {
      await work(runner);
    } finally {
      await runner.release();
    }
  }

  async function explicitly(runner: QueryRunner, work: () => Promise<unknown>): Promise<void> {
    await runner.startTransaction();
    try {
      await work();
      await runner.commitTransaction();
    } catch (error) {
      await runner.rollbackTransaction();
      throw error;
    }
  }

  it.each(WRITES)('%s: kept when the phase succeeds, undone when it throws', async (_, write) => {
    const failing = bench.phase(branch().try, async (local) => {
      await write(local);
      expect(await repository().countBy({ key: 'x' })).toBe(1);
      expect(await bench.holds()).toEqual([]);
      await refuse();
    });
    await expect(failing).rejects.toThrow('refused');
    expect(await bench.holds()).toEqual([]);
    await bench.phase(branch().try, write);
    expect(await bench.holds()).toEqual(['x']);
  });

  it('reads inside a phase see what it wrote: streams, slaves, counts', async () => {
    await bench.phase(branch().try, async () => {
      await raw('x');
      const streamed: unknown[] = [];
      for await (const read of await repository().createQueryBuilder('h').stream()) streamed.push(read);
      expect(streamed).toMatchObject([{ h_key: 'x' }]);
      const slave = bench.dataSource.createQueryRunner('slave');
      expect(await slave.query('select key from hold')).toEqual([{ key: 'x' }]);
    });
  });

  it('a manager and a runner made before the phase do not join', async () => {
    const before = bench.dataSource.createQueryRunner();
    const failing = bench.phase(branch().try, async () => {
      await before.manager.insert(Hold, row('outside'));
      await refuse();
    });
    await expect(failing).rejects.toThrow('refused');
    await before.release();
    expect(await bench.holds()).toEqual(['outside']);
  });

  it('another DataSource does not join', async () => {
    const other = await openBarrierBench(bench.database.url, {}, way);
    const failing = bench.phase(branch().try, async () => {
      await other.dataSource.getRepository(Hold).insert(row('elsewhere'));
      await refuse();
    });
    await expect(failing).rejects.toThrow('refused');
    await other.close();
    expect(await bench.holds()).toEqual(['elsewhere']);
  });

  it('two branches at once on one DataSource have a local transaction each', async () => {
    const both = [gate(), gate()];
    const phase = (me: 0 | 1, end: () => Promise<unknown>) =>
      bench.phase(branch().try, async () => {
        await raw(`branch ${me}`);
        both[me]!.open();
        await both[1 - me]!.wait;
        expect(await repository().find()).toMatchObject([{ key: `branch ${me}` }]);
        await bench.dataSource.transaction((m) => m.insert(Hold, row(`nested ${me}`)));
        await end();
      });
    const [kept, undone] = await Promise.allSettled([phase(0, async () => undefined), phase(1, refuse)]);
    expect([kept.status, undone.status]).toEqual(['fulfilled', 'rejected']);
    expect(await bench.holds()).toEqual(['branch 0', 'nested 0']);
  });

  it('queries of one branch take turns on its connection, whoever sends them', async () => {
    const { most, stop } = queriesAtOnce();
    await bench.phase(branch().try, async () => {
      await Promise.all(Array.from({ length: 20 }, (_, index) => raw(`row ${index}`)));
      await Promise.all(Array.from({ length: 5 }, (_, index) => repository().save(row(`saved ${index}`))));
      await Promise.all(Array.from({ length: 3 }, () => bench.dataSource.transaction(() => repository().count())));
    });
    expect(await bench.holds()).toHaveLength(25);
    await bench.observer.query('select pg_advisory_lock(1)');
    const failing = bench.phase(branch().try, async () => {
      bench.dataSource.query('select pg_advisory_xact_lock(1)').catch(() => undefined);
      await bench.blocked();
      // Answered later than the phase sees the error.
      void bench.observer.query('select pg_advisory_unlock(1)');
      await refuse();
    });
    await expect(failing).rejects.toThrow('refused');
    stop();
    expect(most()).toBe(1);
  });
});
