import type { EntityManager } from 'typeorm';
import { branch, gate, Hold, useBarrierBench, WAYS } from '../support/barrier-bench.js';

describe.each(WAYS)('nested transactions inside a phase, business code %s', (way) => {
  const bench = useBarrierBench(way, { extra: { max: 2 } });

  const row = (key: string) => ({ key, account: 'a', amount: 1 });
  const raw = (key: string) => bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
  const refuse = () => Promise.reject(new Error('refused'));
  const nested = <T>(work: (manager: EntityManager) => Promise<T>) => bench.dataSource.transaction(work);
  const inTry = (business: () => Promise<unknown>) => bench.phase(branch().try, business);

  it('three at once: the one that throws is undone, the others are kept', async () => {
    await inTry(async () => {
      const results = await Promise.allSettled([
        nested(async (m) => {
          await m.insert(Hold, row('1a'));
          await raw('1b');
        }),
        nested(async (m) => {
          await m.insert(Hold, row('2a'));
          await raw('2b');
          await refuse();
        }),
        nested(async (m) => {
          await m.insert(Hold, row('3a'));
          await raw('3b');
        }),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    });
    expect(await bench.holds()).toEqual(['1a', '1b', '3a', '3b']);
  });

  it('never run at the same time on one level', async () => {
    let open = 0;
    let most = 0;
    await inTry(() =>
      Promise.all(
        Array.from({ length: 5 }, (_, index) =>
          nested(async () => {
            most = Math.max(most, (open += 1));
            await raw(`${index}`);
            open -= 1;
          }),
        ),
      ),
    );
    expect(most).toBe(1);
  });

  it('nest: an inner one that throws is undone without the outer one', async () => {
    await inTry(() =>
      nested(async (outer) => {
        await outer.insert(Hold, row('outer'));
        await nested(async (inner) => {
          await inner.insert(Hold, row('inner'));
          await refuse();
        }).catch(() => undefined);
        await outer.transaction((inner) => inner.insert(Hold, row('by manager')));
        await raw('after');
      }),
    );
    expect(await bench.holds()).toEqual(['after', 'by manager', 'outer']);
  });

  it('nest: an outer one that throws takes what its inner ones had committed', async () => {
    await inTry(async () => {
      await raw('before');
      await nested(async () => {
        await Promise.all([nested(() => raw('one')), nested(() => nested(() => raw('two')))]);
        await refuse();
      }).catch(() => undefined);
      await raw('after');
    });
    expect(await bench.holds()).toEqual(['after', 'before']);
  });

  it('a query beside an open one waits instead of being undone with it', async () => {
    const inside = gate();
    const order: string[] = [];
    await inTry(async () => {
      const failing = nested(async () => {
        await raw('inside');
        inside.open();
        // Turn by turn until the query beside it had every chance to run.
        for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
        order.push('failing');
        await refuse();
      });
      await inside.wait;
      const beside = raw('beside').then(() => order.push('beside'));
      await Promise.allSettled([failing, beside]);
    });
    expect(order).toEqual(['failing', 'beside']);
    expect(await bench.holds()).toEqual(['beside']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['an injected repository', () => bench.dataSource.getRepository(Hold).save(row('inside'))],
    ['a raw query', () => raw('inside')],
    ['a runner', () => bench.dataSource.createQueryRunner().manager.insert(Hold, row('inside'))],
    ['the manager of the data source', () => bench.dataSource.manager.insert(Hold, row('inside'))],
  ])('%s inside the callback belongs to it', async (_, write) => {
    await inTry(() =>
      nested(async () => {
        await write();
        await refuse();
      }).catch(() => undefined),
    );
    expect(await bench.holds()).toEqual([]);
  });

  it('the branch manager inside the callback belongs to it, and waits for nobody', async () => {
    await bench.phase(branch().try, async ({ manager }) => {
      await nested(async () => {
        await (manager as EntityManager).insert(Hold, row('inside'));
        await refuse();
      }).catch(() => undefined);
    });
    expect(await bench.holds()).toEqual([]);
  });

  it('a manager used beside its open callback belongs to that callback', async () => {
    await inTry(async () => {
      const given = gate<EntityManager>();
      const end = gate();
      const failing = nested(async (manager) => {
        given.open(manager);
        await end.wait;
        await refuse();
      });
      const manager = await given.wait;
      await manager.insert(Hold, row('by leaked manager'));
      end.open();
      await failing.catch(() => undefined);
      await expect(manager.insert(Hold, row('late'))).rejects.toMatchObject({ code: 'TCC_PHASE_ENDED' });
    });
    expect(await bench.holds()).toEqual([]);
  });

  it('what a callback left running is refused once it has ended, and does not run at the level outside', async () => {
    let stray!: Promise<unknown>;
    await inTry(async () => {
      const over = gate();
      await nested(async () => {
        stray = over.wait.then(() => raw('stray'));
        void raw('under way');
      });
      over.open();
      await expect(stray).rejects.toMatchObject({ code: 'TCC_PHASE_ENDED' });
    });
    expect(await bench.holds()).toEqual(['under way']);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['queries', () => raw('two')],
    ['returns', async () => undefined],
    ['throws', refuse],
  ])('one that is open when the phase throws is undone, and does nothing when it then %s', async (_, then) => {
    const rest = gate();
    let late!: Promise<unknown>;
    const failing = inTry(async () => {
      const inside = gate();
      late = nested(async () => {
        await raw('one');
        inside.open();
        await rest.wait;
        await then();
      });
      await inside.wait;
      await refuse();
    });
    await expect(failing).rejects.toThrow('refused');
    // Whoever has the connection now has a savepoint of the same name, too.
    const others = [bench.dataSource.createQueryRunner(), bench.dataSource.createQueryRunner()];
    for (const [index, other] of others.entries()) {
      await other.startTransaction();
      await other.query('savepoint tcc_1');
      await other.query(`insert into hold values ('other ${index}', 'a', 1)`);
    }
    rest.open();
    await expect(late).rejects.toMatchObject(then === refuse ? { message: 'refused' } : { code: 'TCC_PHASE_ENDED' });
    for (const other of others) {
      await other.query('release savepoint tcc_1');
      await other.commitTransaction();
      await other.release();
    }
    expect(await bench.holds()).toEqual(['other 0', 'other 1']);
  });

  it('a failed statement inside is undone by its savepoint; swallowed, it fails the nested transaction', async () => {
    await inTry(async () => {
      await raw('x');
      await expect(nested(() => raw('x'))).rejects.toMatchObject({ code: '23505' });
      await expect(nested(() => raw('x').catch(() => undefined))).rejects.toMatchObject({ code: '25P02' });
      await raw('y');
    });
    expect(await bench.holds()).toEqual(['x', 'y']);
  });
});
