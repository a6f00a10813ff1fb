import pg from 'pg';
import type { EntityManager, EntitySubscriberInterface, QueryRunner } from 'typeorm';
import { currentContext } from '../../libs/tcc/src/context/execution-context.js';
import { joinDataSource } from '../../libs/tcc/src/barrier/join-data-source.js';
import type { LocalTransaction } from '../../libs/tcc/src/barrier/barrier.port.js';
import { type BarrierBench, branch, gate, Hold, openBarrierBench } from '../support/barrier-bench.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** How many queries one pg client had under way at most: pg deprecates more than one. */
function queriesAtOnce(): { most: () => number; stop: () => void } {
  type Query = (this: object, ...args: unknown[]) => unknown;
  const prototype = pg.Client.prototype as unknown as { query: Query };
  const { query } = prototype;
  const underWay = new WeakMap<object, number>();
  let most = 0;
  prototype.query = function (...args) {
    const add = (by: number) => void underWay.set(this, (underWay.get(this) ?? 0) + by);
    const answer = query.apply(this, args);
    add(1);
    most = Math.max(most, underWay.get(this) ?? 0);
    void Promise.resolve(answer).then(
      () => add(-1),
      () => add(-1),
    );
    return answer;
  };
  return { most: () => most, stop: () => void (prototype.query = query) };
}

describe('queries inside a phase', () => {
  let database: TestDatabase;
  let bench: BarrierBench;

  beforeAll(async () => {
    database = await createTestDatabase();
    // Two connections: a query that did not join would have one, and could be seen.
    bench = await openBarrierBench(database.url, { extra: { max: 2 } });
  });
  afterAll(async () => {
    await bench.close();
    await database.drop();
  });
  beforeEach(async () => {
    bench.faults = () => undefined;
    await bench.observer.query('truncate hold, tcc_barrier');
  });

  const row = (key: string) => ({ key, account: 'a', amount: 1 });
  const raw = (key: string) => bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
  const repository = () => bench.dataSource.getRepository(Hold);
  const refuse = () => Promise.reject(new Error('refused'));

  /** Each way to write that an application has; `local` is what tcc.branch offers. */
  const WAYS: [string, (local: LocalTransaction) => Promise<unknown>][] = [
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

  it.each(WAYS)('%s: kept when the phase succeeds, undone when it throws', async (_, write) => {
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
    const other = await openBarrierBench(database.url);
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

  it('the end of a phase waits for the queries that are under way', async () => {
    await bench.phase(branch().try, async () => {
      void bench.dataSource.query(`insert into hold select 'slow', 'a', 1 from pg_sleep(0.05)`);
      void raw('queued');
    });
    expect(await bench.holds()).toEqual(['queued', 'slow']);
  });

  describe('after the phase', () => {
    it.each(['commit', 'roll back'])('nothing reaches its connection any more (%s)', async (end) => {
      let runner!: QueryRunner;
      let manager!: EntityManager;
      const over = gate();
      let stray!: Promise<unknown>[];
      const phase = bench.phase(branch().try, async (local) => {
        runner = bench.dataSource.createQueryRunner();
        manager = local.manager as EntityManager;
        stray = [
          async () => bench.dataSource.createQueryRunner(),
          () => raw('stray'),
          () => repository().save(row('stray')),
          () => bench.dataSource.transaction((m) => m.insert(Hold, row('stray'))),
          () => runner.query(`insert into hold values ('stray', 'a', 1)`),
          async () => runner.connect(),
          () => runner.startTransaction(),
          () => runner.commitTransaction(),
          () => manager.insert(Hold, row('stray')),
          () => manager.transaction(async () => undefined),
          async () => local.createQueryRunner(),
        ].map((attempt) => over.wait.then(attempt));
        if (end === 'roll back') await refuse();
      });
      await phase.catch(() => undefined);
      // The connections serve others by now.
      const others = [bench.dataSource.createQueryRunner(), bench.dataSource.createQueryRunner()];
      for (const other of others) await other.startTransaction();
      over.open();
      for (const result of await Promise.allSettled(stray)) {
        expect(result).toMatchObject({ status: 'rejected', reason: { code: 'TCC_PHASE_ENDED' } });
      }
      for (const other of others) {
        await other.commitTransaction();
        await other.release();
      }
      expect(await bench.holds()).toEqual([]);
    });

    it('what is issued while the phase waits for its registration is refused, too', async () => {
      const issued = gate();
      let stray!: Promise<unknown>;
      const of = branch({
        beforeCommit: async () => {
          issued.open();
          await stray.catch(() => undefined);
        },
      });
      await bench.phase(of.try, async () => void (stray = issued.wait.then(() => raw('stray'))));
      await expect(stray).rejects.toMatchObject({ code: 'TCC_PHASE_ENDED' });
      expect(await bench.holds()).toEqual([]);
    });
  });

  describe('outside phases', () => {
    it('a transaction is known to be open inside its callback, and nowhere else', async () => {
      expect(currentContext().openOn).toEqual([]);
      const inside = await bench.dataSource.transaction(async (m) => {
        await m.insert(Hold, row('x'));
        return currentContext().openOn.map((local) => local.open && local.dataSource);
      });
      expect(inside).toEqual([bench.dataSource]);
      const kept = await repository().manager.transaction('SERIALIZABLE', async () => currentContext().openOn);
      expect(kept).toEqual([{ dataSource: bench.dataSource, open: false }]);
      expect(currentContext().openOn).toEqual([]);
      expect(await bench.holds()).toEqual(['x']);
    });

    it('joining twice patches once, and the last undo takes the patch away', async () => {
      const other = await openBarrierBench(database.url);
      const patched = () => Object.getOwnPropertyDescriptor(other.dataSource, 'createQueryRunner')?.value as unknown;
      const first = patched();
      const undo = joinDataSource(other.dataSource);
      expect(patched()).toBe(first);
      undo();
      undo();
      expect(patched()).toBe(first);
      await other.close();
      expect(first).toBeDefined();
      expect(patched()).toBeUndefined();
      expect(Object.getOwnPropertyNames(other.dataSource.manager)).not.toContain('transaction');
    });
  });

  describe('subscribers', () => {
    const events: string[] = [];
    const runners = new Set<QueryRunner>();
    const see = (name: string, event: { queryRunner: QueryRunner }) => {
      events.push(name);
      runners.add(event.queryRunner);
    };
    const subscriber: EntitySubscriberInterface = {
      beforeTransactionStart: (event) => see('before start', event),
      afterTransactionStart: (event) => see('after start', event),
      beforeInsert: (event) => see('before insert', event),
      afterInsert: async (event) => {
        see('after insert', event);
        if (event.entity.key !== 'x') return;
        await event.manager.query(`insert into hold values ('by afterInsert', 'a', 1)`);
      },
      beforeTransactionCommit: async (event) => {
        see('before commit', event);
        await event.manager.query(`insert into hold values ('by beforeCommit ${events.length}', 'a', 1)`);
      },
      afterTransactionCommit: (event) => see('after commit', event),
      beforeTransactionRollback: (event) => see('before rollback', event),
      afterTransactionRollback: (event) => see('after rollback', event),
    };
    beforeEach(() => {
      events.length = 0;
      runners.clear();
      bench.dataSource.subscribers.push(subscriber);
    });
    afterEach(() => void bench.dataSource.subscribers.pop());

    it('hear of a phase what they hear of a transaction, from one runner', async () => {
      await bench.phase(branch().try, () => repository().save(row('x')));
      const inTransaction = [
        'before start',
        'after start',
        'before insert',
        'after insert',
        'before commit',
        'after commit',
      ];
      expect(events).toEqual(inTransaction);
      expect(runners.size).toBe(1);
      expect(await bench.holds()).toEqual(['by afterInsert', 'by beforeCommit 5', 'x']);
    });

    it('hear of nested transactions and of rollbacks', async () => {
      const failing = bench.phase(branch().try, async () => {
        await bench.dataSource.transaction((m) => m.insert(Hold, row('y')));
        await bench.dataSource.transaction(refuse).catch(() => undefined);
        await refuse();
      });
      await expect(failing).rejects.toThrow('refused');
      const phase = ['before start', 'after start'];
      const kept = ['before start', 'after start', 'before insert', 'after insert', 'before commit', 'after commit'];
      const undone = ['before rollback', 'after rollback'];
      expect(events).toEqual([...phase, ...kept, ...phase, ...undone, ...undone]);
      expect(await bench.holds()).toEqual([]);
    });

    it('see the data that save() was given, and can leave a query running before the commit', async () => {
      const seen: unknown[] = [];
      const listening: EntitySubscriberInterface = {
        afterInsert: ({ queryRunner }) => void seen.push(queryRunner.data),
        beforeTransactionCommit: ({ manager }) => {
          for (const key of ['slow', 'queued']) {
            void manager.query(`insert into hold select '${key}', pg_current_xact_id()::text, 1 from pg_sleep(0.05)`);
          }
        },
      };
      bench.dataSource.subscribers.push(listening);
      await bench.phase(branch().try, () => repository().save(row('y'), { data: { who: 'me' } }));
      bench.dataSource.subscribers.splice(bench.dataSource.subscribers.indexOf(listening), 1);
      expect(seen).toEqual([{ who: 'me' }]);
      const xacts = `select count(*)::int as rows, count(distinct account)::int as xacts from hold where key in ('slow', 'queued')`;
      expect((await bench.observer.query(xacts)).rows).toEqual([{ rows: 2, xacts: 1 }]);
    });

    it('may query before a nested transaction starts', async () => {
      const asking: EntitySubscriberInterface = { beforeTransactionStart: ({ manager }) => manager.query('select 1') };
      bench.dataSource.subscribers.push(asking);
      await bench.phase(branch().try, () => bench.dataSource.transaction((m) => m.insert(Hold, row('y'))));
      bench.dataSource.subscribers.splice(bench.dataSource.subscribers.indexOf(asking), 1);
      expect(await bench.holds()).toContain('y');
    });

    it('keep data on the runner from the first event to the last', async () => {
      const seen: unknown[] = [];
      const collecting: EntitySubscriberInterface = {
        afterInsert: ({ queryRunner, entity }) => void ((queryRunner.data['keys'] ??= []) as string[]).push(entity.key),
        afterTransactionCommit: ({ queryRunner }) => void seen.push(queryRunner.data['keys']),
      };
      bench.dataSource.subscribers.push(collecting);
      await bench.phase(branch().try, async () => {
        await repository().save(row('one'));
        await repository().save(row('two'));
      });
      bench.dataSource.subscribers.splice(bench.dataSource.subscribers.indexOf(collecting), 1);
      expect(seen).toEqual([['one', 'two']]);
    });
  });
});
