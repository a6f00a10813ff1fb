import { Propagation, TransactionCancelledError, type TransactionStatus } from 'nestjs-tcc';
import type { BankApp } from '../support/bank/bank-app.js';
import { useBank } from '../support/bank/use-bank.js';
import { eventually } from '../support/eventually.js';
import { Gate } from '../support/gate.js';

const whole = { balance: 100, held: 0, gone: 0 };
const taken = (amount: number): object => ({ balance: 100 - amount, held: 0, gone: amount });

describe('a method under a global transaction called inside another', () => {
  const used = useBank();
  let bank: BankApp;
  let owner: string;
  beforeEach(() => void ({ bank, owner } = used));

  const run = <T>(propagation: Propagation, work: () => Promise<T>): Promise<T> =>
    bank.tcc.run({ name: `p-${propagation}`, propagation }, work);
  const north = (): Promise<unknown> => bank.transfers.north.withdraw(owner, 10);
  const south = (): Promise<unknown> => bank.transfers.south.withdraw(owner, 10);
  const xid = (): string => bank.tcc.transaction.xid;
  const statusOf = async (id: string): Promise<TransactionStatus | undefined> => (await bank.tcc.outcome(id))?.status;

  it('joins with REQUIRED, two and three levels deep', async () => {
    const ids = await run(Propagation.REQUIRED, async () => {
      await north();
      return run(Propagation.REQUIRED, async () => {
        await south();
        return [xid(), await run(Propagation.MANDATORY, async () => (await north(), xid()))];
      });
    });
    expect(new Set(ids).size).toBe(1);
    expect(await bank.wallets(owner)).toEqual({ north: taken(20), south: taken(10) });
  });

  it('cancels exactly the branches inside a joined method that threw, though the caller caught it', async () => {
    await run(Propagation.REQUIRED, async () => {
      await north();
      await run(Propagation.REQUIRED, async () => {
        await run(Propagation.REQUIRED, south);
        throw new Error('inner');
      }).catch(() => undefined);
    });
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: whole });
  });

  it('cancels all branches of a joined method that nobody awaited and that is still at work', async () => {
    const tried = new Gate();
    const gate = new Gate();
    let atWork: Promise<unknown> = Promise.resolve();
    await bank.tcc.run({ name: 'outer', phaseTwo: 'background' }, async () => {
      await north();
      atWork = run(Propagation.REQUIRED, async () => {
        await south();
        void tried.pass();
        await gate.pass();
      });
      await tried.reached;
    });
    await eventually(async () => expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: whole }));
    gate.open();
    await atWork;
  });

  it('cancels a try in flight inside a joined method that threw', async () => {
    const gate = new Gate();
    bank.hooks.inTry = gate.pass;
    let inFlight: Promise<unknown> = Promise.resolve();
    await bank.tcc.run({ name: 'outer', phaseTwo: 'background' }, async () => {
      await run(Propagation.REQUIRED, async () => {
        inFlight = south();
        await gate.reached;
        throw new Error('inner');
      }).catch(() => undefined);
      gate.open();
      await inFlight;
    });
    await eventually(async () => expect((await bank.wallets(owner)).south).toEqual(whole));
  });

  it('refuses a try of a joined method that has ended', async () => {
    const { AsyncResource } = await import('node:async_hooks');
    await run(Propagation.REQUIRED, async () => {
      const late = await run(Propagation.REQUIRED, async () => AsyncResource.bind(() => south()));
      await expect(late()).rejects.toMatchObject({ code: 'TCC_TRANSACTION_CLOSED' });
      await north();
    });
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: whole });
  });

  it('is independent with REQUIRES_NEW: kept when the outer is cancelled, cancelled when it throws itself', async () => {
    await run(Propagation.REQUIRED, async () => {
      await north();
      await run(Propagation.REQUIRES_NEW, south);
      throw new Error('outer');
    }).catch(() => undefined);
    expect(await bank.wallets(owner)).toEqual({ north: whole, south: taken(10) });
    await run(Propagation.REQUIRED, async () => {
      await north();
      await run(Propagation.REQUIRES_NEW, async () => {
        await south();
        throw new Error('inner');
      }).catch(() => undefined);
    });
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: taken(10) });
  });

  it('is refused by MANDATORY outside and by NEVER inside', async () => {
    await expect(run(Propagation.MANDATORY, north)).rejects.toMatchObject({ code: 'TCC_NO_GLOBAL_TRANSACTION' });
    await run(Propagation.REQUIRED, async () => {
      await expect(run(Propagation.NEVER, () => Promise.resolve())).rejects.toMatchObject({
        code: 'TCC_ACTIVE_TRANSACTION',
      });
    });
    expect(await bank.wallets(owner)).toEqual({ north: whole, south: whole });
  });

  it('has no transaction with NOT_SUPPORTED, NEVER and, outside, SUPPORTS: a try in it is refused', async () => {
    const refused = { code: 'TCC_NO_GLOBAL_TRANSACTION' };
    await expect(run(Propagation.SUPPORTS, north)).rejects.toMatchObject(refused);
    await expect(run(Propagation.NEVER, north)).rejects.toMatchObject(refused);
    await run(Propagation.REQUIRED, async () => {
      await expect(run(Propagation.NOT_SUPPORTED, north)).rejects.toMatchObject(refused);
      await run(Propagation.SUPPORTS, south);
    });
    expect(await bank.wallets(owner)).toEqual({ north: whole, south: taken(10) });
  });

  it('tells the initiator when a joined method called cancelOnly()', async () => {
    const error: unknown = await run(Propagation.REQUIRED, async () => {
      await north();
      await run(Propagation.REQUIRED, () => Promise.resolve(bank.tcc.transaction.cancelOnly()));
    }).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(TransactionCancelledError);
    expect((await bank.wallets(owner)).north).toEqual(whole);
  });

  it('keeps 500 concurrent transactions with parallel tries apart', async () => {
    const many = Array.from({ length: 500 }, (_, index) => `crowd-${index}`);
    await bank.fund(many, 100);
    const seen = await Promise.all(
      many.map((name, index) =>
        bank.tcc
          .runWithBaggage({ who: name }, () =>
            bank.tcc.run({ name: 'crowd', timeout: '60s' }, async () => {
              const before = xid();
              await Promise.all([
                bank.transfers.north.withdraw(name, 1 + (index % 7)),
                bank.transfers.south.withdraw(name, 1 + (index % 7)),
              ]);
              if (index % 5 === 0) throw Object.assign(new Error('every fifth'), { before });
              return { before, after: xid(), who: bank.tcc.baggage['who'] };
            }),
          )
          .catch((error: { before: string }) => ({ before: error.before, after: bank.tcc.xidOf(error), who: name })),
      ),
    );
    expect(new Set(seen.map(({ before }) => before)).size).toBe(500);
    seen.forEach(({ before, after, who }, index) =>
      expect({ after, who }).toEqual({ after: before, who: `crowd-${index}` }),
    );
    await eventually(async () => {
      const sums: unknown[] = await bank.north.query(
        `select count(*)::int as n from wallet where owner like 'crowd-%' and held <> 0`,
      );
      expect(sums).toEqual([{ n: 0 }]);
    }, 30_000);
    for (const [index, name] of many.entries()) {
      if (index % 50 !== 0 && index % 50 !== 7) continue;
      const expected = index % 5 === 0 ? whole : taken(1 + (index % 7));
      expect(await bank.wallets(name)).toEqual({ north: expected, south: expected });
    }
    const [gone] = (await bank.south.query(
      `select sum(gone)::int as gone, sum(balance + held + gone)::int as total from wallet where owner like 'crowd-%'`,
    )) as { gone: number; total: number }[];
    const wanted = many.reduce((sum, _, index) => sum + (index % 5 === 0 ? 0 : 1 + (index % 7)), 0);
    expect(gone).toEqual({ gone: wanted, total: 50_000 });
    expect(await statusOf(seen[0]!.before)).toBe('cancelled');
  });
});
