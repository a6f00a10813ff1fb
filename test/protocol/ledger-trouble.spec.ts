import { jest } from '@jest/globals';
import { defaultPayloadCodec, LedgerFailure, PayloadError, TCC_LEDGER, type LedgerPort } from 'nestjs-tcc';
import { startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { useBank } from '../support/bank/use-bank.js';
import { eventually } from '../support/eventually.js';

const whole = { balance: 100, held: 0, gone: 0 };

describe('when the ledger does not take a write', () => {
  // long patience of branches, short patience with the ledger
  const used = useBank({ ledgerTimeout: '400ms', recovery: { poll: '100ms' } });
  let databases: BankDatabases;
  let bank: BankApp;
  let owner: string;
  beforeEach(() => void ({ databases, bank, owner } = used));
  afterEach(() => jest.restoreAllMocks());

  /** Answers every flush that matches with a failure, before or after the ledger has done it. */
  function failFlushes(
    when: 'before' | 'after',
    kind: 'begins' | 'registers' | 'decides',
    failure: LedgerFailure,
  ): () => void {
    const ledger = bank.app.get<LedgerPort>(TCC_LEDGER);
    const flush = ledger.flush.bind(ledger);
    const spy = jest.spyOn(ledger, 'flush').mockImplementation(async (batch) => {
      if (batch[kind].length === 0) return flush(batch);
      if (when === 'after') await flush(batch);
      throw failure;
    });
    return () => spy.mockRestore();
  }
  const unavailable = new LedgerFailure('unavailable', new Error('refused'));
  const unknown = new LedgerFailure('unknown', new Error('lost'));

  it('a begin that it does not take starts no try', async () => {
    let tried = false;
    bank.hooks.inTry = () => void (tried = true);
    const heal = failFlushes('before', 'begins', unavailable);
    await expect(bank.transfers.take(owner, 10)).rejects.toMatchObject({ code: 'TCC_LEDGER_UNAVAILABLE' });
    heal();
    expect(tried).toBe(false);
    expect(await bank.wallets(owner)).toEqual({ north: whole, south: whole });
  });

  it('a registration whose answer is lost starts no try, and its branch is cancelled', async () => {
    const heal = failFlushes('after', 'registers', unknown);
    const error: unknown = await bank.transfers.take(owner, 10).catch((e: unknown) => e);
    heal();
    expect(error).toMatchObject({ code: 'TCC_LEDGER_UNAVAILABLE' });
    await eventually(async () => expect(await bank.wallets(owner)).toEqual({ north: whole, south: whole }));
    await eventually(async () =>
      expect(await bank.tcc.outcome(bank.tcc.xidOf(error)!)).toMatchObject({ status: 'cancelled' }),
    );
  });

  it('a decision that arrived and whose answer is lost is in doubt for the caller, and confirmed by recovery', async () => {
    const heal = failFlushes('after', 'decides', unknown);
    const error: unknown = await bank.transfers.take(owner, 10).catch((e: unknown) => e);
    heal();
    expect(error).toMatchObject({ code: 'TCC_IN_DOUBT', httpStatus: 503 });
    await eventually(async () =>
      expect(await bank.tcc.outcome(bank.tcc.xidOf(error)!)).toMatchObject({ status: 'confirmed' }),
    );
    const taken = { balance: 90, held: 0, gone: 10 };
    expect(await bank.wallets(owner)).toEqual({ north: taken, south: taken });
  });

  it('a decision that never arrived is in doubt for the caller, and cancelled at the deadline', async () => {
    const heal = failFlushes('before', 'decides', unknown);
    const error: unknown = await bank.tcc
      .run({ name: 'short', timeout: '1s' }, () => bank.transfers.north.withdraw(owner, 10))
      .catch((e: unknown) => e);
    heal();
    expect(error).toMatchObject({ code: 'TCC_IN_DOUBT' });
    await eventually(async () =>
      expect(await bank.tcc.outcome(bank.tcc.xidOf(error)!)).toMatchObject({ status: 'cancelled' }),
    );
    expect(await bank.wallets(owner)).toEqual({ north: whole, south: whole });
  });

  it('an initiator that threw hears its own error though the cancel could not be written: nothing else can come of it', async () => {
    const heal = failFlushes('before', 'decides', unavailable);
    const own = new Error('mine');
    const error: unknown = await bank.tcc
      .run({ name: 'short', timeout: '1s' }, async () => {
        await bank.transfers.north.withdraw(owner, 10);
        throw own;
      })
      .catch((e: unknown) => e);
    heal();
    expect(error).toBe(own);
    await eventually(async () => expect(await bank.wallets(owner)).toEqual({ north: whole, south: whole }));
  });

  it('what a codec makes that no text column keeps is a payload error before the try', async () => {
    const codec = { ...defaultPayloadCodec, encode: (value: unknown) => `${defaultPayloadCodec.encode(value)}\u0000` };
    const other = await startBank(databases, { codec, service: 'other' });
    let tried = false;
    other.hooks.inTry = () => void (tried = true);
    const error: unknown = await other.transfers.take(owner, 10).catch((e: unknown) => e);
    await other.close();
    expect(error).toBeInstanceOf(PayloadError);
    expect(tried).toBe(false);
  });
});
