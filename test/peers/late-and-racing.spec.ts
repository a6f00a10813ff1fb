import { setTimeout as pause } from 'node:timers/promises';
import { faultHook, FaultPlan } from 'nestjs-tcc-testing';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { type BarrierBench, branch, openBarrierBench, pauseAt } from '../support/barrier-bench.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { BankAudit } from '../support/processes/bank-audit.js';

/** What a test has opened, closed in reverse however it ends. */
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each.close();
});

async function benchOn(database: TestDatabase, options = {}): Promise<BarrierBench> {
  const bench = await openBarrierBench(database.url, options);
  open.push(bench);
  return bench;
}
async function ownDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  open.push({ close: () => database.drop() });
  return database;
}

const whole = { balance: 100, held: 0, gone: 0 };

describe('a try that comes after its cancel', () => {
  it('is refused by an error of its own, each time it comes', async () => {
    const bench = await benchOn(await ownDatabase());
    const of = branch();
    let tries = 0;
    expect(await bench.phase(of.cancel, async () => undefined)).toMatchObject({ ran: false, why: 'empty' });
    for (let delivery = 1; delivery <= 3; delivery++) {
      const late = bench.phase(of.try, async () => void tries++);
      await expect(late).rejects.toMatchObject({ code: 'TCC_LATE_TRY' });
    }
    // and each cancel that comes again is done already
    expect(await bench.phase(of.cancel, async () => undefined)).toMatchObject({ ran: false, why: 'already' });
    expect(tries).toBe(0);
    expect(await bench.status(of.try)).toBe('suspended');
  });

  it('is refused though the ledger and the participant are in different databases', async () => {
    const databases = await createBankDatabases();
    open.push({ close: () => databases.drop() });
    const plan = new FaultPlan([{ point: 'barrier.try.opening', action: 'pause', branch: 'south.withdraw' }]);
    const bank = await startBank(databases, { faults: faultHook(plan) });
    open.push(bank, { close: async () => plan.resume() });
    await bank.fund(['owner'], 100);
    const tried: string[] = [];
    bank.hooks.inTry = () => void tried.push(bank.tcc.branch.idempotencyKey);
    let late: Promise<unknown> = Promise.resolve();
    const error: unknown = await bank.tcc
      .run({ name: 'hasty' }, async () => {
        await bank.transfers.north.withdraw('owner', 10);
        late = bank.transfers.south.withdraw('owner', 10);
        late.catch(() => undefined);
        await plan.reached('barrier.try.opening');
        throw new Error('changed its mind');
      })
      .catch((each: unknown) => each);
    const xid = bank.tcc.xidOf(error)!;
    await eventually(async () => expect(await bank.tcc.outcome(xid)).toMatchObject({ status: 'cancelled' }));
    plan.resume();
    await expect(late).rejects.toMatchObject({ code: 'TCC_LATE_TRY', xid });
    expect(tried).toEqual([`${xid}:1`]);
    expect(await bank.wallets('owner')).toEqual({ north: whole, south: whole });
  });
});

describe.each(['read committed', 'repeatable read', 'serializable'])(
  'fifty cancels at once of a try that never came, by default at %s',
  (isolation) => {
    it('are all done, leave one row, and none is refused, deadlocked or run', async () => {
      const database = await ownDatabase();
      const first = await benchOn(database);
      await first.observer.query(`alter database ${database.name} set default_transaction_isolation = '${isolation}'`);
      const bench = await benchOn(database, { poolSize: 20 });
      expect(await bench.dataSource.query('show default_transaction_isolation')).toEqual([
        { default_transaction_isolation: isolation },
      ]);
      const of = branch();
      let ran = 0;
      // all connected beforehand: those that wait have two seconds
      await Promise.all(Array.from({ length: 20 }, () => bench.dataSource.query('select pg_sleep(0.1)')));
      // The first one stands before its commit until as many wait for it as there are connections.
      const blocker = pauseAt(bench, 'barrier.cancel.committing');
      const cancels = Array.from({ length: 50 }, () => bench.phase(of.cancel, async () => void ran++));
      await blocker.reached;
      await bench.blocked(19);
      blocker.go();
      const ends = (await Promise.all(cancels)).map((end) => (end.ran ? 'ran' : end.why)).sort();
      expect(ends).toEqual([...Array.from({ length: 49 }, () => 'already'), 'empty']);
      expect(ran).toBe(0);
      expect((await bench.observer.query('select status from tcc_barrier')).rows).toEqual([{ status: 'suspended' }]);
    });
  },
);

describe('a bank with two instances', () => {
  let databases: BankDatabases;
  let audit: BankAudit;
  let bank: BankApp;
  let other: BankApp;
  const counted = new Map<string, number>();

  beforeAll(async () => {
    databases = await createBankDatabases();
    bank = await startBank(databases, {
      recovery: { poll: '10ms' },
      faults: (point, { xids }) => (point === 'ledger.decide.done' ? count(xids) : undefined),
    });
    other = await startBank(databases, { recovery: { poll: '10ms' } });
    audit = BankAudit.of(databases);
  });
  afterEach(() => {
    bank.hooks.inConfirm = bank.hooks.inCancel = other.hooks.inConfirm = other.hooks.inCancel = () => undefined;
  });
  afterAll(async () => {
    await bank?.close();
    await other?.close();
    await audit?.close();
    await databases?.drop();
  });

  const BRANCHES = 'select xid, count(*)::int as branches from tcc_branch where xid = any($1) group by xid';
  type Count = { xid: string; branches: number };
  async function count(xids: readonly string[]): Promise<void> {
    for (const { xid, branches } of await audit.query<Count>(BRANCHES, [xids])) counted.set(xid, branches);
  }

  it('tells no caller success where the deadline won, and no caller failure where the commit did: 600 races', async () => {
    const RACES = 600;
    const LANES = 30;
    const owners = Array.from({ length: LANES }, (_, index) => `racer-${index}`);
    await bank.fund(owners, 100_000);
    const told: { xid: string; success: boolean }[] = [];
    // Both sides win about as often: whoever lost goes earlier the next time.
    let aheadMs = 20;
    const lane = async (owner: string): Promise<void> => {
      for (let race = 0; race < RACES / LANES; race++) {
        let xid = '';
        const call = bank.tcc.run({ name: 'race', timeout: '500ms' }, async () => {
          xid = bank.tcc.transaction.xid;
          await bank.transfers.north.withdraw(owner, 1);
          // every fourth does not wait at all: a busy machine must not let one side win them all
          if (race % 4 > 0) await pause(Math.max(0, bank.tcc.transaction.deadline.getTime() - Date.now() - aheadMs));
        });
        const success = await call.then(
          () => true,
          () => false,
        );
        aheadMs = Math.min(480, Math.max(-10, aheadMs + (success ? -4 : 4)));
        told.push({ xid, success });
      }
    };
    await Promise.all(owners.map(lane));
    const confirmed = told.filter(({ success }) => success);
    expect(confirmed.length).toBeGreaterThan(RACES / 20);
    expect(confirmed.length).toBeLessThan(RACES - RACES / 20);
    await audit.settled('bank', 20_000);
    const ended = await audit.query<{ xid: string; status: string }>(
      `select xid, status from tcc_transaction where name = 'race'`,
    );
    const statuses = new Map(ended.map(({ xid, status }) => [xid, status]));
    expect(told.filter(({ xid, success }) => (statuses.get(xid) === 'confirmed') !== success)).toEqual([]);
    const wallets = await Promise.all(owners.map(async (owner) => (await bank.wallets(owner)).north));
    expect(wallets.reduce((sum, { gone }) => sum + gone, 0)).toBe(confirmed.length);
    expect(wallets.filter(({ balance, held, gone }) => held !== 0 || balance + gone !== 100_000)).toEqual([]);
  });

  it('refuses a branch whose registration arrives when recovery has cancelled', async () => {
    const plan = new FaultPlan([{ point: 'ledger.register.sending', action: 'pause' }]);
    const slow = await startBank(databases, { timeout: '500ms', recovery: false, faults: faultHook(plan) });
    open.push(slow, { close: async () => plan.resume() });
    await bank.fund(['late'], 100);
    const tried: string[] = [];
    slow.hooks.inTry = () => void tried.push(slow.tcc.branch.idempotencyKey);
    const call = slow.transfers.take('late', 10);
    call.catch(() => undefined);
    const [xid] = (await plan.reached('ledger.register.sending')).xids;
    await eventually(async () => expect(await other.tcc.outcome(xid!)).toMatchObject({ status: 'cancelled' }));
    plan.resume();
    await expect(call).rejects.toMatchObject({ xid });
    expect(tried).toEqual([`${xid}:1`]);
    expect(await audit.query(BRANCHES, [[xid]])).toEqual([{ xid, branches: 1 }]);
    expect(await bank.wallets('late')).toEqual({ north: whole, south: whole });
  });

  it('never adds a branch to a decided transaction: neither late tries, nor failed attempts, nor recovery', async () => {
    const seed = Number(process.env['PEERS_SEED'] ?? Date.now() % 2 ** 31);
    let state = seed;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      return (state >>> 8) % below;
    };
    const owners = Array.from({ length: 80 }, (_, index) => `brancher-${index}`);
    await bank.fund(owners, 100);
    const failures = new Map<string, number>();
    const sometimes = (app: BankApp) => () => {
      const key = app.tcc.branch.idempotencyKey;
      const left = failures.get(key) ?? random(3);
      failures.set(key, left - 1);
      if (left > 0) throw new Error('not today');
    };
    for (const app of [bank, other]) app.hooks.inConfirm = app.hooks.inCancel = sometimes(app);
    counted.clear();
    const floating: Promise<unknown>[] = [];
    const calls = owners.map((owner) => {
      const [awaited, unawaited, throws] = [1 + random(3), random(3), random(3) === 0];
      return bank.tcc
        .run({ name: 'branches', phaseTwo: random(2) === 0 ? 'inline' : 'background' }, async () => {
          for (let index = 0; index < awaited; index++) await bank.transfers.north.withdraw(owner, 1);
          // on their way when the decision is taken
          for (let index = 0; index < unawaited; index++)
            floating.push(bank.transfers.south.withdraw(owner, 1).catch(() => undefined));
          if (throws) throw new Error('changed its mind');
        })
        .catch(() => undefined);
    });
    await Promise.all([...calls, ...floating]);
    await Promise.all(floating);
    await audit.settled('bank', 20_000);
    expect(counted.size).toBe(owners.length);
    const rows = await audit.query<Count>(BRANCHES, [[...counted.keys()]]);
    const grown = rows.filter(({ xid, branches }) => counted.get(xid) !== branches);
    expect({ seed, grown }).toEqual({ seed, grown: [] });
    const attempts = await audit.query(
      `select 1 from tcc_attempt join tcc_transaction using (xid) where name = 'branches'`,
    );
    expect(attempts.length).toBeGreaterThan(20);
  });
});
