import type { EntityManager, QueryRunner } from 'typeorm';
import { type BarrierBench, branch, gate, Hold, openBarrierBench } from '../support/barrier-bench.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

describe('nested transactions inside a phase', () => {
  let database: TestDatabase;
  let bench: BarrierBench;

  beforeAll(async () => {
    database = await createTestDatabase();
    bench = await openBarrierBench(database.url, { extra: { max: 2 } });
  });
  afterAll(async () => {
    await bench.close();
    await database.drop();
  });
  beforeEach(() => bench.observer.query('truncate hold, tcc_barrier'));

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

  it('one that was not awaited is part of the phase all the same', async () => {
    await inTry(async () => {
      void nested(async () => {
        await raw('one');
        await raw('two');
      });
    });
    expect(await bench.holds()).toEqual(['one', 'two']);
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

  describe('by startTransaction()', () => {
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
});
