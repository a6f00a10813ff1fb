import type { EntityManager, QueryRunner } from 'typeorm';
import { branch, Hold, useBarrierBench, WAYS } from '../support/barrier-bench.js';

describe.each(WAYS)('startTransaction() inside a phase, business code %s', (way) => {
  const bench = useBarrierBench(way, { extra: { max: 2 } });

  const row = (key: string) => ({ key, account: 'a', amount: 1 });
  const raw = (key: string) => bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
  const refuse = () => Promise.reject(new Error('refused'));
  const nested = <T>(work: (manager: EntityManager) => Promise<T>) => bench.dataSource.transaction(work);
  const inTry = (business: () => Promise<unknown>) => bench.phase(branch().try, business);

  const runner = (): QueryRunner => bench.dataSource.createQueryRunner();

  it('one after the other: save, transaction and another level inside it', async () => {
    await inTry(async () => {
      const own = runner();
      await own.startTransaction();
      await bench.dataSource.getRepository(Hold).save(row('saved'));
      await nested((m) => m.insert(Hold, row('nested')));
      await nested(() => refuse()).catch(() => undefined);
      await own.manager.transaction((m) => m.insert(Hold, row('own')));
      await own.commitTransaction();
      await own.release();
    });
    expect(await bench.holds()).toEqual(['nested', 'own', 'saved']);
  });

  it('rolled back it undoes what came after its start, and the phase goes on', async () => {
    await inTry(async () => {
      const own = runner();
      await raw('before');
      await own.startTransaction();
      await own.query(`insert into hold values ('own', 'a', 1)`);
      await nested(() => raw('nested'));
      await own.rollbackTransaction();
      await raw('after');
      await own.startTransaction();
      await own.query(`insert into hold values ('again', 'a', 1)`);
      await own.commitTransaction();
    });
    expect(await bench.holds()).toEqual(['after', 'again', 'before']);
  });

  it('twice on one runner is two levels', async () => {
    await inTry(async () => {
      const own = runner();
      await own.startTransaction();
      await raw('outer');
      await own.startTransaction();
      await raw('inner');
      await own.rollbackTransaction();
      await own.commitTransaction();
    });
    expect(await bench.holds()).toEqual(['outer']);
  });

  it('a failed statement is undone by the rollback', async () => {
    await inTry(async () => {
      const own = runner();
      await raw('x');
      await own.startTransaction();
      await raw('x').catch(() => undefined);
      await expect(own.commitTransaction()).rejects.toMatchObject({ code: '25P02' });
      await own.rollbackTransaction();
    });
    expect(await bench.holds()).toEqual(['x']);
  });

  it('two runners at once: the second is refused, the first is not harmed', async () => {
    const of = branch();
    await bench.phase(of.try, async () => {
      const [first, second] = [runner(), runner()];
      const starts = await Promise.allSettled([first.startTransaction(), second.startTransaction()]);
      expect(starts).toMatchObject([
        { status: 'fulfilled' },
        { status: 'rejected', reason: { code: 'TCC_OVERLAPPING_TRANSACTIONS', xid: of.try.xid } },
      ]);
      await raw('x');
      await expect(second.rollbackTransaction()).rejects.toThrow('not started');
      await first.commitTransaction();
      await second.startTransaction();
      await second.commitTransaction();
    });
    expect(await bench.holds()).toEqual(['x']);
  });

  it('two runners in different callbacks do not meet', async () => {
    const one = (key: string, end: 'commitTransaction' | 'rollbackTransaction') =>
      nested(async () => {
        const own = runner();
        await own.startTransaction();
        await raw(key);
        await own[end]();
      });
    await inTry(() => Promise.all([one('kept', 'commitTransaction'), one('undone', 'rollbackTransaction')]));
    expect(await bench.holds()).toEqual(['kept']);
  });

  it.each(['phase', 'callback'])('left open at the end of a %s fails it', async (where) => {
    const leave = async () => {
      await runner().startTransaction();
      await raw('x');
    };
    const failing = inTry(where === 'phase' ? leave : () => nested(leave));
    await expect(failing).rejects.toMatchObject({ code: 'TCC_OVERLAPPING_TRANSACTIONS' });
    expect(await bench.holds()).toEqual([]);
  });

  it('started outside a callback and ended inside it: refused at once', async () => {
    await inTry(async () => {
      const own = runner();
      await own.startTransaction();
      const ending = nested(() => own.commitTransaction());
      await expect(ending).rejects.toMatchObject({ code: 'TCC_OVERLAPPING_TRANSACTIONS' });
      await own.commitTransaction();
    });
  });

  it('ended without having been started is TypeORM’s own error, and the phase goes on', async () => {
    await inTry(async () => {
      const own = runner();
      await raw('x');
      await expect(own.rollbackTransaction()).rejects.toMatchObject({ name: 'TransactionNotStartedError' });
      await expect(own.commitTransaction()).rejects.toMatchObject({ name: 'TransactionNotStartedError' });
    });
    expect(await bench.holds()).toEqual(['x']);
  });

  it('disposed of, a runner commits what it has open, and never the phase', async () => {
    await expect(
      inTry(async () => {
        const own = runner();
        await own.startTransaction();
        await raw('x');
        await own[Symbol.asyncDispose]();
        await runner()[Symbol.asyncDispose]();
        await refuse();
      }),
    ).rejects.toThrow('refused');
    expect(await bench.holds()).toEqual([]);
  });
});
