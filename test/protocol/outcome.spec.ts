import { TransactionClosedError, UnrecoverableError, type TransactionStatus } from 'nestjs-tcc';
import type { BankApp } from '../support/bank/bank-app.js';
import { useBank } from '../support/bank/use-bank.js';
import { NotEnoughError } from '../support/bank/bank.participant.js';
import { eventually } from '../support/eventually.js';

const whole = { balance: 100, held: 0, gone: 0 };
const taken = (amount: number): object => ({ balance: 100 - amount, held: 0, gone: amount });

describe('how a global transaction ends', () => {
  const used = useBank();
  let bank: BankApp;
  let owner: string;
  beforeEach(() => void ({ bank, owner } = used));

  const statusOf = async (xid: string): Promise<TransactionStatus | undefined> => (await bank.tcc.outcome(xid))?.status;
  const xidOf = (error: unknown): string => bank.tcc.xidOf(error)!;

  it('confirms every branch when the initiator returns, and gives confirm what the try returned', async () => {
    const xid = await bank.transfers.take(owner, 10);
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: taken(10) });
    const ours = bank.hooks.confirmed.filter(({ key }) => key.startsWith(xid));
    expect(ours).toHaveLength(2);
    expect(ours[0]!.receipt).toEqual({ at: new Date(0), amount: 10n });
    await eventually(async () => expect(await statusOf(xid)).toBe('confirmed'));
  });

  it('cancels every branch when the initiator throws, and passes its error on unchanged', async () => {
    const own = new Error('no');
    const error: unknown = await bank.transfers.take(owner, 10, () => Promise.reject(own)).catch((e: unknown) => e);
    expect(error).toBe(own);
    expect(await bank.wallets(owner)).toEqual({ north: whole, south: whole });
    await eventually(async () => expect(await statusOf(xidOf(error))).toBe('cancelled'));
  });

  it('cancels the first branch when the second refuses, and passes the refusal on unchanged', async () => {
    await bank.south.query('update wallet set balance = 5 where owner = $1', [owner]);
    const error: unknown = await bank.transfers.take(owner, 10).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(NotEnoughError);
    expect(await bank.wallets(owner)).toEqual({ north: whole, south: { balance: 5, held: 0, gone: 0 } });
  });

  it('cancels only the branch whose failure the initiator caught', async () => {
    await bank.north.query('update wallet set balance = 5 where owner = $1', [owner]);
    const xid = await bank.tcc.run({ name: 'wallet-or-card' }, async () => {
      await bank.transfers.north.withdraw(owner, 10).catch(() => undefined);
      await bank.transfers.south.withdraw(owner, 10);
      return bank.tcc.transaction.xid;
    });
    expect(await bank.wallets(owner)).toEqual({ north: { balance: 5, held: 0, gone: 0 }, south: taken(10) });
    await eventually(async () => expect(await statusOf(xid)).toBe('confirmed'));
  });

  it('cancels a branch whose try failed after it had written, and leaves nothing of it', async () => {
    bank.hooks.inTry = () => Promise.reject(new Error('after the write'));
    await bank.tcc.run({ name: 'caught' }, async () => {
      await bank.transfers.north.withdraw(owner, 10).catch(() => undefined);
    });
    expect(await bank.wallets(owner)).toEqual({ north: whole, south: whole });
  });

  it('lets the initiator try again what failed, as a branch of its own', async () => {
    let failures = 1;
    bank.hooks.inTry = () => (failures-- > 0 ? Promise.reject(new Error('once')) : undefined);
    await bank.tcc.run({ name: 'again' }, async () => {
      await bank.transfers.north.withdraw(owner, 10).catch(() => bank.transfers.north.withdraw(owner, 10));
    });
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: whole });
  });

  it('writes nothing when no try is called', async () => {
    const xid = await bank.tcc.run({ name: 'empty' }, () => Promise.resolve(bank.tcc.transaction.xid));
    expect(await bank.tcc.outcome(xid)).toBeUndefined();
  });

  it('cancels everything after cancelOnly(), and still returns the initiator’s own value', async () => {
    const value = await bank.tcc.run({ name: 'dry' }, async () => {
      await bank.transfers.north.withdraw(owner, 10);
      bank.tcc.transaction.cancelOnly();
      return 'quoted';
    });
    expect(value).toBe('quoted');
    expect(await bank.wallets(owner)).toEqual({ north: whole, south: whole });
  });

  it('cancels a try that was not awaited, once it has ended', async () => {
    let release = (): void => undefined;
    let entered = (): void => undefined;
    const inTry = new Promise<void>((resolve) => (entered = resolve));
    bank.hooks.inTry = () => {
      entered();
      return new Promise((resolve) => (release = resolve));
    };
    let floating: Promise<unknown> = Promise.resolve();
    const xid = await bank.tcc.run({ name: 'floating', phaseTwo: 'background' }, async () => {
      floating = bank.transfers.north.withdraw(owner, 10).catch(() => undefined);
      await inTry;
      return bank.tcc.transaction.xid;
    });
    release();
    await floating;
    await eventually(async () => expect(await statusOf(xid)).toBe('confirmed'));
    expect((await bank.wallets(owner)).north).toEqual(whole);
  });

  it('refuses a try that comes after the initiator has returned', async () => {
    let late: () => Promise<unknown> = () => Promise.resolve();
    await bank.tcc.run({ name: 'late' }, async () => {
      const { AsyncResource } = await import('node:async_hooks');
      late = AsyncResource.bind(() => bank.transfers.north.withdraw(owner, 10));
    });
    await expect(late()).rejects.toBeInstanceOf(TransactionClosedError);
    expect((await bank.wallets(owner)).north).toEqual(whole);
  });

  it('stands by the decision when a confirm fails, and confirms later', async () => {
    let failures = 2;
    bank.hooks.inConfirm = () => {
      if (failures-- > 0) throw new Error('not today');
    };
    const xid = await bank.transfers.take(owner, 10);
    await eventually(async () => expect(await statusOf(xid)).toBe('confirmed'));
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: taken(10) });
  });

  it('parks a branch that can never be confirmed, tells of it, and confirms the other', async () => {
    const { TccEvents } = await import('nestjs-tcc');
    const told: string[] = [];
    const stop = bank.app.get(TccEvents).on('parked', ({ branch, phase }) => told.push(`${phase} ${branch}`));
    let first = true;
    bank.hooks.inConfirm = () => {
      if (!first) return;
      first = false;
      throw new UnrecoverableError('this can never be');
    };
    const xid = await bank.transfers.take(owner, 10);
    await eventually(async () =>
      expect(await bank.tcc.outcome(xid)).toMatchObject({ status: 'confirming', parked: 1 }),
    );
    stop();
    expect(told).toHaveLength(1);
    const { north, south } = await bank.wallets(owner);
    expect([north, south]).toEqual(expect.arrayContaining([taken(10), { balance: 90, held: 10, gone: 0 }]));
  });

  it('runs phase two outside any global transaction', async () => {
    const seen: unknown[] = [];
    bank.hooks.inConfirm = () => {
      try {
        seen.push(bank.tcc.transaction.xid);
      } catch (error) {
        seen.push((error as { code: string }).code);
      }
    };
    await bank.transfers.take(owner, 10);
    expect(seen).toEqual(['TCC_NO_GLOBAL_TRANSACTION', 'TCC_NO_GLOBAL_TRANSACTION']);
  });
});
