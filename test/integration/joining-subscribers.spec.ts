import type { EntitySubscriberInterface, QueryRunner } from 'typeorm';
import { branch, Hold, useBarrierBench, WAYS } from '../support/barrier-bench.js';

describe.each(WAYS)('subscribers of a phase, business code %s', (way) => {
  const bench = useBarrierBench(way, { extra: { max: 2 } });

  const row = (key: string) => ({ key, account: 'a', amount: 1 });
  const repository = () => bench.dataSource.getRepository(Hold);
  const refuse = () => Promise.reject(new Error('refused'));

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
