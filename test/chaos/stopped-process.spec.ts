import type { TccModuleOptions } from 'nestjs-tcc';
import { faultHook, FaultPlan, type FaultRule } from 'nestjs-tcc-testing';
import { startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { eventually } from '../support/eventually.js';
import { BankAudit, breaches, type Remains } from '../support/processes/bank-audit.js';
import { ChildApp } from '../support/processes/child-app.js';
import type { ProcessPlan } from '../support/processes/process-plan.js';
import { AMOUNT } from '../support/processes/scenarios.js';
import { useBankProcesses } from '../support/processes/use-bank-processes.js';

const TIMEOUT_MS = 2_000;
const LEASE_MS = 600;

interface TransactionRow {
  readonly status: string;
  readonly owner: string;
  readonly epoch: number;
}

describe('a process that stands still (SIGSTOP) and wakes up later', () => {
  const used = useBankProcesses();
  let databases: BankDatabases;
  let audit: BankAudit;
  let owner: string;
  let service: string;
  let survivor: BankApp | undefined;
  let pauses: FaultPlan | undefined;

  beforeEach(() => void ({ databases, audit, owner, service } = used));
  afterEach(async () => {
    pauses?.resume(); // a failed test must not keep its application from closing
    await survivor?.close();
    survivor = undefined;
  });

  const options = (): Partial<TccModuleOptions> & { service: string } => ({
    service,
    timeout: TIMEOUT_MS,
    lease: LEASE_MS,
    recovery: { poll: '50ms' },
  });

  /** The other instance, which recovers. */
  async function other(...rules: FaultRule[]): Promise<FaultPlan> {
    pauses = new FaultPlan(rules);
    survivor = await startBank(databases, { ...options(), faults: faultHook(pauses) });
    return pauses;
  }

  /** The instance that is to be stopped; it recovers nothing. */
  async function start(faults: string, more: Partial<ProcessPlan> = {}): Promise<ChildApp> {
    const urls = { ledger: databases.ledger.url, north: databases.north.url, south: databases.south.url };
    const plan = { databases: urls, options: { ...options(), recovery: false } as const, faults, ...more };
    const process = ChildApp.start(plan);
    await process.said('ready');
    return process;
  }

  const transaction = async (): Promise<TransactionRow> => {
    const { xid } = (await audit.remains(owner)).transactions[0]!;
    return (
      await audit.query<TransactionRow>('select status, owner, epoch from tcc_transaction where xid = $1', [xid])
    )[0]!;
  };
  const settled = (status: 'confirmed' | 'cancelled', withinMs?: number): Promise<Remains> =>
    eventually(async () => {
      const remains = await audit.remains(owner);
      expect(remains.transactions.map((each) => each.status)).toEqual([status]);
      return remains;
    }, withinMs);

  it.each(['barrier.try.opened', 'barrier.try.committing'])(
    'within a try, at %s: the other cancels at the deadline; the try cannot commit any more',
    async (point) => {
      await other();
      const process = await start(`${point}:pause#south.withdraw`);
      const call = process.run('confirms', owner);
      await process.said('reached');
      process.stop();
      process.send({ do: 'resume' }); // it hears of this when it wakes up
      const stoppedAt = performance.now();
      // Its connection is idle in a transaction and holds the row that the cancel needs: Postgres ends it at the deadline.
      await settled('cancelled', TIMEOUT_MS + 5_000);
      expect(performance.now() - stoppedAt).toBeGreaterThan(TIMEOUT_MS / 2);
      process.go();
      const told = await call;
      expect(told).toMatchObject({ ok: false });
      await process.kill();
      expect(breaches(await audit.remains(owner), { amount: AMOUNT, told: 'cancelled' })).toEqual([]);
    },
  );

  it('after its decision: the other confirms; on waking it calls nothing, and its caller hears of the success', async () => {
    await other();
    const process = await start('ledger.decide.done:pause, barrier.confirm.opened@each:pause');
    const call = process.run('confirms', owner);
    await process.said('reached');
    process.stop();
    process.send({ do: 'resume' });
    await settled('confirmed');
    process.go();
    expect(await call).toMatchObject({ ok: true });
    expect(process.reports.filter(({ said }) => said === 'reached')).toHaveLength(1);
    expect(survivor!.hooks.confirmed).toHaveLength(2);
    expect(breaches(await audit.remains(owner), { amount: AMOUNT, told: 'confirmed' })).toEqual([]);
  });

  it('before it settles: the other has taken over, and the stale settle is refused', async () => {
    const process = await start('ledger.settle.sending:pause, ledger.settle.done:pause');
    const call = process.run('confirms', owner);
    await process.said('reached');
    expect(await call).toMatchObject({ ok: true });
    process.stop();
    const plan = await other({ point: 'ledger.settle.sending', action: 'pause' });
    await plan.reached('ledger.settle.sending');
    const taken = await transaction();
    expect(taken).toMatchObject({ status: 'confirming', epoch: 2 });
    process.send({ do: 'resume' });
    process.go();
    await process.said('reached', ({ point }) => point === 'ledger.settle.done');
    // answered, and nothing has changed: a stale driver that could write would have closed it
    expect(await transaction()).toEqual(taken);
    plan.resume();
    await settled('confirmed');
    expect(survivor!.hooks.confirmed).toEqual([]); // the barrier knew that it was done already
    expect(breaches(await audit.remains(owner), { amount: AMOUNT, told: 'confirmed' })).toEqual([]);
  });

  it('before it hands back: the other has taken over and settled, and the stale attempt is not written', async () => {
    const process = await start('ledger.hand-back.sending:pause, ledger.hand-back.done:pause', {
      behaviour: { confirm: { failures: 2 } },
    });
    void process.run('confirms', owner);
    await process.said('reached');
    process.stop();
    await other();
    await settled('confirmed');
    const before = await transaction();
    process.send({ do: 'resume' });
    process.go();
    await process.said('reached', ({ point }) => point === 'ledger.hand-back.done');
    expect(await transaction()).toEqual(before);
    const { xid } = (await audit.remains(owner)).transactions[0]!;
    expect(await audit.query('select 1 from tcc_attempt where xid = $1', [xid])).toEqual([]);
    expect(breaches(await audit.remains(owner), { amount: AMOUNT, told: undefined })).toEqual([]);
  });

  it('within a confirm: the other waits for its row, counts no attempt, and confirms as soon as the process is gone', async () => {
    const plan = await other({ point: 'ledger.hand-back.done', action: 'pause' });
    const process = await start('barrier.confirm.committing:pause#south.withdraw');
    void process.run('confirms', owner);
    await process.said('reached');
    process.stop();
    const { xids } = await plan.reached('ledger.hand-back.done');
    // only the south: whether the north's confirm had ended when the process was stopped is open
    const south = 'select attempts, postponements from tcc_branch where xid = $1 and seq = 2';
    expect(await audit.query(south, [xids[0]])).toEqual([{ attempts: 0, postponements: 1 }]);
    plan.resume();
    await process.kill();
    await settled('confirmed');
    expect(survivor!.hooks.confirmed.map(({ key }) => key)).toContain(`${xids[0]}:2`);
    expect(breaches(await audit.remains(owner), { amount: AMOUNT, told: undefined })).toEqual([]);
  });

  it('within a confirm for longer than a call may take: the other confirms, and the stale one cannot commit', async () => {
    await other();
    const process = await start('barrier.confirm.committing:pause#south.withdraw', {
      options: { ...options(), recovery: false, callTimeout: '1500ms' },
    });
    const call = process.run('confirms', owner);
    await process.said('reached');
    process.stop();
    process.send({ do: 'resume' });
    await settled('confirmed', 15_000);
    process.go();
    // its decision stands, whoever drove it
    expect(await call).toMatchObject({ ok: true });
    expect(breaches(await audit.remains(owner), { amount: AMOUNT, told: 'confirmed' })).toEqual([]);
  });
});
