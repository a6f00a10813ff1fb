import { Recovery, RetryLaterError, TCC_LEDGER, type LedgerPort } from 'nestjs-tcc';
import { faultHook, FaultPlan, settle } from 'nestjs-tcc-testing';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { BankAudit } from '../support/processes/bank-audit.js';
import { eventually } from '../support/eventually.js';
import { Gate } from '../support/gate.js';

/** Far below the minute that a call may take. */
const PATIENCE_MS = 30_000;

/** Independent branches: one that hangs, for as long as a call may take, delays nothing but itself. */
describe('beside a branch whose confirm hangs', () => {
  let databases: BankDatabases;
  let bank: BankApp;
  let audit: BankAudit;
  let owners = 0;
  let gate: Gate;

  beforeAll(async () => {
    databases = await createBankDatabases();
    bank = await startBank(databases, { recovery: false, phaseTwo: 'background' });
    audit = BankAudit.of(databases);
  });
  beforeEach(() => (gate = new Gate()));
  afterEach(() => gate.open());
  afterAll(async () => {
    await bank?.close();
    await audit?.close();
    await databases?.drop();
  });

  /** What each call of a confirm does, in their order; north is called first. Beyond the last one: nothing. */
  function confirmsDo(by: BankApp, north: (() => unknown)[], south: (() => unknown)[]): void {
    const calls = { north: 0, south: 0 };
    by.hooks.inConfirm = async () => {
      const bankOf = by.tcc.branch.seq === 1 ? 'north' : 'south';
      await { north, south }[bankOf][calls[bankOf]++]?.();
    };
  }
  const fail = (error: Error) => (): never => {
    throw error;
  };

  const goneInSouth = async (owner: string): Promise<number> => (await bank.wallets(owner)).south.gone;

  async function take(by = bank): Promise<{ owner: string; xid: string }> {
    const owner = `owner-${++owners}`;
    await by.fund([owner], 100);
    return { owner, xid: await by.transfers.take(owner, 10) };
  }

  it('one that failed is called again when it is due, and the history tells of both', async () => {
    confirmsDo(bank, [gate.pass], [fail(new Error('no')), fail(new Error('still no'))]);
    const { owner, xid } = await take();
    await gate.reached;
    await eventually(async () => expect(await goneInSouth(owner)).toBe(10), PATIENCE_MS);
    const attempts = await audit.query<{ error_message: string }>(
      'select error_message from tcc_attempt where xid = $1 order by at',
      [xid],
    );
    expect(attempts.map(({ error_message }) => error_message)).toEqual(['no', 'still no']);
    gate.open();
    await settle(bank.app);
    expect(await bank.tcc.outcome(xid)).toMatchObject({ status: 'confirmed', parked: 0 });
    expect((await bank.wallets(owner)).north.gone).toBe(10);
  });

  it('one that was not yet due when the drive began is called when it is', async () => {
    confirmsDo(bank, [fail(new RetryLaterError(0)), gate.pass], [fail(new RetryLaterError(300))]);
    const { owner, xid } = await take();
    // the first drive hands both back; the next one finds one of them due
    let driven: Promise<number> | undefined;
    const look = eventually(async () => {
      driven = bank.app.get(Recovery).runOnce();
      const claimed = await Promise.race([driven, gate.reached.then(() => 1)]);
      expect(claimed).toBe(1);
    });
    await look;
    await gate.reached;
    await eventually(async () => expect(await goneInSouth(owner)).toBe(10), PATIENCE_MS);
    gate.open();
    await driven;
    await settle(bank.app);
    expect(await bank.tcc.outcome(xid)).toMatchObject({ status: 'confirmed' });
  });

  it('one that fails while the attempt of another is being recorded is called again too', async () => {
    const plan = new FaultPlan([{ point: 'ledger.hand-back.sending', action: 'pause' }]);
    const paused = await startBank(databases, { recovery: false, phaseTwo: 'background', faults: faultHook(plan) });
    const southFails = new Gate();
    try {
      confirmsDo(paused, [fail(new RetryLaterError(0))], [() => southFails.pass().then(fail(new RetryLaterError(0)))]);
      const { owner, xid } = await take(paused);
      await plan.reached('ledger.hand-back.sending');
      southFails.open();
      await eventually(async () => expect(await goneInSouth(owner)).toBe(10), PATIENCE_MS);
      plan.resume();
      await settle(paused.app);
      expect(await paused.tcc.outcome(xid)).toMatchObject({ status: 'confirmed', parked: 0 });
    } finally {
      southFails.open();
      plan.resume();
      await paused.close();
    }
  });

  it('one that failed last is left with its own due time when the drive ends', async () => {
    confirmsDo(bank, [gate.pass], [fail(new RetryLaterError(3_600_000))]);
    const { xid } = await take();
    await gate.reached;
    gate.open();
    const ledger = bank.app.get<LedgerPort>(TCC_LEDGER);
    await eventually(async () =>
      expect(await ledger.branches(xid)).toMatchObject([{ settled: true }, { settled: false, postponements: 1 }]),
    );
    const [, south] = await ledger.branches(xid);
    expect(south!.dueInMs).toBeGreaterThan(3_000_000);
    await audit.query('update tcc_branch set due_at = clock_timestamp() where xid = $1', [xid]);
    await audit.query('update tcc_transaction set due_at = clock_timestamp() where xid = $1', [xid]);
    await settle(bank.app);
  });
});
