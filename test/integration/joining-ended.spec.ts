import type { EntityManager, QueryRunner } from 'typeorm';
import { currentContext } from '../../libs/tcc/src/context/execution-context.js';
import { joinDataSource } from '../../libs/tcc/src/barrier/join-data-source.js';
import { branch, gate, Hold, openBarrierBench, useBarrierBench, WAYS } from '../support/barrier-bench.js';

describe.each(WAYS)('what is issued after a phase, business code %s', (way) => {
  // Two connections: a query that did not join would have one, and could be seen.
  const bench = useBarrierBench(way, { extra: { max: 2 } });

  const row = (key: string) => ({ key, account: 'a', amount: 1 });
  const raw = (key: string) => bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
  const repository = () => bench.dataSource.getRepository(Hold);
  const refuse = () => Promise.reject(new Error('refused'));

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

describe('queries outside phases', () => {
  const bench = useBarrierBench('behind', { extra: { max: 2 } });

  const row = (key: string) => ({ key, account: 'a', amount: 1 });
  const repository = () => bench.dataSource.getRepository(Hold);

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
    const other = await openBarrierBench(bench.database.url);
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
