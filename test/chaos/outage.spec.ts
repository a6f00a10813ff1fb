import pg from 'pg';
import { InDoubtError, LedgerUnavailableError, TccHealth, type TccModuleOptions } from 'nestjs-tcc';
import { faultHook, FaultPlan, type FaultRule } from 'nestjs-tcc-testing';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import type { TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { BankAudit, breaches } from '../support/processes/bank-audit.js';
import { AMOUNT } from '../support/processes/scenarios.js';
import { TcpProxy, type Verdict } from '../support/processes/tcp-proxy.js';

describe('a database that is away', () => {
  let databases: BankDatabases;
  let audit: BankAudit;
  let admin: pg.Client;
  let ledger: TcpProxy;
  let bank: BankApp;
  let plan: FaultPlan;
  let owners = 0;
  let owner: string;
  let service: string;

  beforeAll(async () => {
    databases = await createBankDatabases();
    ledger = await TcpProxy.to(databases.ledger.url);
    audit = BankAudit.of(databases);
    admin = new pg.Client(process.env['TCC_TEST_ADMIN_URL']);
    await admin.connect();
    const first = await startBank(databases, { service: 'schema' });
    await first.close();
  });
  beforeEach(async () => {
    owner = `owner-${++owners}`;
    service = `service-${owners}`;
    await audit.fund(owner, 100);
  });
  afterEach(async () => {
    ledger.heal();
    ledger.atCommit = () => 'pass';
    plan?.resume(); // a failed test must not keep its application from closing
    await bank?.close();
  });
  afterAll(async () => {
    await ledger?.close();
    await audit?.close();
    await admin?.end();
    await databases?.drop();
  });

  async function start(options: Partial<TccModuleOptions> = {}, ...faults: FaultRule[]): Promise<void> {
    plan = new FaultPlan(faults);
    bank = await startBank(databases, {
      service,
      ledgerTimeout: '1s',
      lease: '1s',
      ledger: { connection: { connectionString: ledger.url } },
      faults: faultHook(plan),
      ...options,
    });
  }

  /** Ends its connections and lets none in, as a server does that goes away. @returns brings it back */
  async function away(database: TestDatabase): Promise<() => Promise<void>> {
    const name = admin.escapeIdentifier(new URL(database.url).pathname.slice(1));
    await admin.query(`alter database ${name} with allow_connections false`);
    await admin.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [
      new URL(database.url).pathname.slice(1),
    ]);
    return async () => void (await admin.query(`alter database ${name} with allow_connections true`));
  }

  const healthy = async (told: 'confirmed' | 'cancelled' | 'either'): Promise<void> => {
    await audit.settled(service, 20_000);
    expect(breaches(await audit.remains(owner), { amount: AMOUNT, told })).toEqual([]);
  };
  const failure = (call: Promise<unknown>): Promise<unknown> =>
    call.then(
      (value) => ({ value }),
      (error: unknown) => error,
    );

  it('a participant’s, from the decision on: the decision stands, its confirm is retried, and settles when it is back', async () => {
    await start({}, { point: 'ledger.decide.done', action: 'pause' });
    const call = bank.transfers.take(owner, AMOUNT);
    const { xids } = await plan.reached('ledger.decide.done');
    const back = await away(databases.south);
    plan.resume();
    await expect(call).resolves.toBe(xids[0]);
    await eventually(async () => {
      const tried = await audit.query<{ seq: number; error_code: string }>(
        'select seq, error_code from tcc_attempt where xid = $1',
        [xids[0]],
      );
      expect(tried.length).toBeGreaterThanOrEqual(3);
      expect(new Set(tried.map(({ seq }) => seq))).toEqual(new Set([2]));
    });
    await back();
    await healthy('confirmed');
  });

  it('a participant’s, from within its try on: everything is cancelled, and the hold is gone with the connection', async () => {
    await start({}, { point: 'barrier.try.committing', action: 'pause', nth: 2 });
    const call = failure(bank.transfers.take(owner, AMOUNT));
    await plan.reached('barrier.try.committing');
    const back = await away(databases.south);
    plan.resume();
    expect(await call).toBeInstanceOf(Error);
    await back();
    await healthy('cancelled');
  });

  it('the ledger’s, at begin: the try does not start, and the next call goes through when it is back', async () => {
    await start();
    const tries: string[] = [];
    bank.hooks.inTry = (of) => void tries.push(of);
    const back = await away(databases.ledger);
    const calls = [failure(bank.transfers.take(owner, AMOUNT)), failure(bank.transfers.takeOnce(owner, owner, AMOUNT))];
    for (const error of await Promise.all(calls)) expect(error).toBeInstanceOf(LedgerUnavailableError);
    expect(tries).toEqual([]);
    expect(await bank.app.get(TccHealth).check()).toMatchObject({ ledger: false });
    await back();
    await audit.settled(service);
    expect((await audit.remains(owner)).transactions).toEqual([]);
    await bank.transfers.take(owner, AMOUNT);
    await healthy('confirmed');
    await eventually(async () =>
      expect(await bank.app.get(TccHealth).check()).toEqual({ ledger: true, recovery: true }),
    );
  });

  it('the ledger’s, at the registration of the second branch: that try does not start, the first is cancelled', async () => {
    await start({ timeout: '3s' });
    const tries: string[] = [];
    bank.hooks.inTry = () => void tries.push('try');
    ledger.atCommit = (statements): Verdict => {
      if (!statements.some((each) => /^tcc-register-\d/.test(each))) return 'pass';
      ledger.refuse();
      return 'lose';
    };
    expect(await failure(bank.transfers.take(owner, AMOUNT))).toBeInstanceOf(LedgerUnavailableError);
    expect(tries).toEqual(['try']);
    ledger.heal();
    await healthy('cancelled');
  });

  /** From the decision on nothing new comes in; the decision itself arrives (`hide`) or does not (`lose`). */
  function awayAtDecision(verdict: Verdict): void {
    ledger.atCommit = (statements) => {
      if (!statements.some((each) => /^tcc-decide-\d/.test(each))) return 'pass';
      ledger.refuseNew();
      return verdict;
    };
  }
  const fates: [Verdict, 'confirmed' | 'cancelled'][] = [
    ['hide', 'confirmed'],
    ['lose', 'cancelled'],
  ];

  it.each(fates)(
    'the ledger’s, when the decision was sent (%s): in doubt, and it ends as %s',
    async (verdict, outcome) => {
      await start({ timeout: '3s' });
      awayAtDecision(verdict);
      expect(await failure(bank.transfers.take(owner, AMOUNT))).toBeInstanceOf(InDoubtError);
      ledger.heal();
      await healthy(outcome);
      const [transaction] = (await audit.remains(owner)).transactions;
      expect(transaction?.status).toBe(outcome);
    },
  );

  it.each(fates)(
    'so with a key (%s): it ends as %s, and calling again gives that result or a new one',
    async (verdict, outcome) => {
      await start({ timeout: '3s' });
      awayAtDecision(verdict);
      const error = await failure(bank.transfers.takeOnce(owner, owner, AMOUNT));
      expect(error).toBeInstanceOf(InDoubtError);
      ledger.atCommit = () => 'pass';
      ledger.heal();
      await healthy(outcome);
      const { xid } = await bank.transfers.takeOnce(owner, owner, AMOUNT);
      expect(xid === (error as InDoubtError).xid).toBe(outcome === 'confirmed');
      const { north, south } = await bank.wallets(owner);
      expect([north.gone, south.gone]).toEqual([AMOUNT, AMOUNT]);
    },
  );

  it('the ledger’s, when the decision was sent, but not for long: the caller gets the result', async () => {
    await start();
    let cuts = 0;
    ledger.atCommit = (statements) =>
      statements.some((each) => /^tcc-decide-\d/.test(each)) && ++cuts <= 2 ? (cuts === 1 ? 'lose' : 'cut') : 'pass';
    await bank.transfers.take(owner, AMOUNT);
    expect(cuts).toBeGreaterThanOrEqual(2);
    await healthy('confirmed');
  });

  it('the ledger’s, without a word (nothing goes through): callers are told in time, and it is finished later', async () => {
    await start({ timeout: '3s' });
    bank.hooks.inTry = () => ledger.stall();
    const startedAt = performance.now();
    // stalled from within the first try on: the second one's registration gets no answer
    expect(await failure(bank.transfers.take(owner, AMOUNT))).toBeInstanceOf(LedgerUnavailableError);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    ledger.heal();
    bank.hooks.inTry = () => undefined;
    await healthy('cancelled');
  });

  it('the ledger’s, while the application is shut down: it ends all the same, and the call has its result', async () => {
    await start({ drain: '500ms' }, { point: 'barrier.confirm.opened', action: 'pause' });
    const call = failure(bank.transfers.take(owner, AMOUNT));
    await plan.reached('barrier.confirm.opened');
    const back = await away(databases.ledger);
    const closedAt = performance.now();
    const closing = bank.close();
    plan.resume();
    await closing;
    expect(performance.now() - closedAt).toBeLessThan(10_000);
    expect(await call).toHaveProperty('value');
    await back();
    await start();
    await healthy('confirmed');
  });
});
