import { randomUUID } from 'node:crypto';
import { KeyReuseError, TCC_LEDGER, TransactionInProgressError, type LedgerPort } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { eventually } from '../support/eventually.js';
import { Gate } from '../support/gate.js';

const whole = { balance: 100, held: 0, gone: 0 };
const taken = (amount: number): object => ({ balance: 100 - amount, held: 0, gone: amount });

describe('an idempotency key', () => {
  let databases: BankDatabases;
  let bank: BankApp;
  let other: BankApp;
  let owners = 0;
  let owner: string;

  beforeAll(async () => {
    databases = await createBankDatabases();
    bank = await startBank(databases);
    other = await startBank(databases);
  });
  beforeEach(async () => {
    owner = `owner-${++owners}`;
    await bank.fund([owner], 100);
    bank.hooks.inTry = bank.hooks.inConfirm = () => undefined;
  });
  afterAll(async () => {
    await Promise.all([bank?.close(), other?.close()]);
    await databases?.drop();
  });

  it('gives the stored result of a confirmed transaction, Date and all, from every instance, without a second one', async () => {
    const first = await bank.transfers.takeOnce(`a-${owner}`, owner, 10);
    expect(await bank.transfers.takeOnce(`a-${owner}`, owner, 10)).toEqual(first);
    expect(await other.transfers.takeOnce(`a-${owner}`, owner, 10)).toEqual(first);
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: taken(10) });
  });

  it('runs once under 50 concurrent calls in two instances', async () => {
    const calls = await Promise.allSettled(
      Array.from({ length: 50 }, (_, index) => (index % 2 ? bank : other).transfers.takeOnce(`b-${owner}`, owner, 10)),
    );
    const done = calls.flatMap((call) => (call.status === 'fulfilled' ? [call.value.xid] : []));
    const refused = calls.flatMap((call) => (call.status === 'rejected' ? [call.reason as unknown] : []));
    expect(new Set(done).size).toBe(1);
    for (const error of refused) expect(error).toBeInstanceOf(TransactionInProgressError);
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: taken(10) });
  });

  it('says that it is in progress while it is, with the holder and a time', async () => {
    const gate = new Gate();
    bank.hooks.inTry = gate.pass;
    const running = bank.transfers.takeOnce(`c-${owner}`, owner, 10);
    await gate.reached;
    const error = await other.transfers
      .takeOnce(`c-${owner}`, owner, 10)
      .catch((e: unknown) => e as TransactionInProgressError);
    gate.open();
    const { xid } = await running;
    expect(error).toMatchObject({ code: 'TCC_IN_PROGRESS', xid });
    expect((error as TransactionInProgressError).retryAfterMs).toBeGreaterThan(0);
    expect((error as TransactionInProgressError).retryAfterMs).toBeLessThanOrEqual(1_000);
  });

  it('gives the stored result while phase two is still owed', async () => {
    const gate = new Gate();
    bank.hooks.inConfirm = gate.pass;
    const running = bank.transfers.takeOnce(`d-${owner}`, owner, 10);
    await gate.reached;
    const again = await other.transfers.takeOnce(`d-${owner}`, owner, 10);
    gate.open();
    expect(again).toEqual(await running);
  });

  it('is refused with other arguments, in progress or done', async () => {
    await bank.transfers.takeOnce(`e-${owner}`, owner, 10);
    await expect(bank.transfers.takeOnce(`e-${owner}`, owner, 11)).rejects.toBeInstanceOf(KeyReuseError);
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: taken(10) });
  });

  it('is free again once the transaction was cancelled', async () => {
    await bank.south.query('update wallet set balance = 5 where owner = $1', [owner]);
    await expect(bank.transfers.takeOnce(`f-${owner}`, owner, 10)).rejects.toMatchObject({ code: 'NOT_ENOUGH' });
    await bank.south.query('update wallet set balance = 100 where owner = $1', [owner]);
    await bank.transfers.takeOnce(`f-${owner}`, owner, 10);
    expect(await bank.wallets(owner)).toEqual({ north: taken(10), south: taken(10) });
  });

  it('is decided and remembered even without branches', async () => {
    let runs = 0;
    const work = (): Promise<number> => Promise.resolve(++runs);
    const options = { name: 'nothing', key: `g-${owner}` };
    expect([await bank.tcc.run(options, work), await other.tcc.run(options, work)]).toEqual([1, 1]);
  });

  it.each([
    ['with a NUL', 'a\u0000b', 'a\u0000c'],
    ['of ten thousand characters', `${'k'.repeat(9_999)}1`, `${'k'.repeat(9_999)}2`],
    ['with half of a surrogate pair', '\ud800', '\ud801'],
    ['that is empty', '', ' '],
  ])('may be one %s, and is not mistaken for a similar one', async (_, key, similar) => {
    const run = (value: string): Promise<string> =>
      bank.tcc.run({ name: 'odd', key: value }, () => Promise.resolve(bank.tcc.transaction.xid));
    const first = await run(key);
    expect(await run(key)).toBe(first);
    expect(await run(similar)).not.toBe(first);
  });

  it('does not bind calls without one', async () => {
    const run = (): Promise<string> =>
      bank.tcc.run({ name: 'keyless', key: undefined }, () => Promise.resolve(bank.tcc.transaction.xid));
    expect(await run()).not.toBe(await run());
  });

  it('is kept apart by transaction name and by service', async () => {
    const third = await startBank(databases, { service: 'another' });
    const run = (app: BankApp, name: string): Promise<string> =>
      app.tcc.run({ name, key: 'same' }, () => Promise.resolve(app.tcc.transaction.xid));
    const ids = [await run(bank, 'one'), await run(bank, 'two'), await run(third, 'one')];
    await third.close();
    expect(new Set(ids).size).toBe(3);
  });

  it('taken by an initiator that died is free after the deadline', async () => {
    // what a process leaves that was killed right after the begin
    const begin = {
      xid: randomUUID(),
      service: 'bank',
      name: 'dead',
      key: 'k',
      order: 'together',
      baggage: {},
      branches: [],
    } as const;
    await bank.app
      .get<LedgerPort>(TCC_LEDGER)
      .flush({ begins: [{ ...begin, deadline: performance.now() + 300 }], registers: [], decides: [], settles: [] });
    const run = (): Promise<string> => bank.tcc.run({ name: 'dead', key: 'k' }, () => Promise.resolve('alive'));
    await expect(run()).rejects.toMatchObject({ code: expect.stringMatching(/TCC_(IN_PROGRESS|KEY_REUSE)/) as string });
    expect(await eventually(run)).toBe('alive');
    expect((await bank.wallets(owner)).north).toEqual(whole);
  });
});
