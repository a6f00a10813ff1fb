import { randomUUID } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { breaches } from '../support/processes/bank-audit.js';
import { ChildApp } from '../support/processes/child-app.js';
import type { ProcessPlan } from '../support/processes/process-plan.js';
import { AMOUNT } from '../support/processes/scenarios.js';
import { useBankProcesses } from '../support/processes/use-bank-processes.js';

const TEN_MINUTES = 600_000;
const LEASE_MS = 900;
/** A poll, and what a busy machine takes; far less than the clocks are off. */
const SOON_MS = 10_000;

interface Times {
  readonly xid: string;
  readonly status: string;
  readonly epoch: number;
  /** Since it began, until its deadline and so on, in milliseconds of the database's clock. */
  readonly begun_ago: number;
  readonly given: number;
  readonly decided_late: number | null;
  readonly lease_left: number | null;
}

/** When the clock of the process that made an xid (a UUIDv7) said that it was made. */
const madeAt = (xid: string): number => Number.parseInt(xid.replaceAll('-', '').slice(0, 12), 16);

describe.each([
  { initiator: TEN_MINUTES, other: -TEN_MINUTES },
  { initiator: -TEN_MINUTES, other: TEN_MINUTES },
])('wall clocks off by $initiator ms where a transaction begins and $other ms where it is recovered', (ahead) => {
  const used = useBankProcesses();

  const start = (
    clockAheadMs: number,
    more: Partial<ProcessPlan> & { timeout?: string; recovers?: boolean },
  ): ChildApp => {
    const { databases, service } = used;
    const { timeout = '60s', recovers = false, ...plan } = more;
    return ChildApp.start({
      databases: { ledger: databases.ledger.url, north: databases.north.url, south: databases.south.url },
      options: {
        service,
        timeout,
        lease: LEASE_MS,
        recovery: recovers ? { poll: '20ms' } : false,
        retry: { initial: '20ms', cap: '100ms' },
      } as NonNullable<ProcessPlan['options']>,
      clockAheadMs,
      ...plan,
    });
  };
  const recovering = (more: Partial<ProcessPlan> = {}): ChildApp => start(ahead.other, { recovers: true, ...more });

  const times = async (): Promise<Times> => {
    const [row] = await used.audit.query<Times>(
      `select xid, status, epoch, ms(clock_timestamp() - created_at) as begun_ago, ms(deadline - created_at) as given,
         ms(decided_at - deadline) as decided_late, ms(lease_until - clock_timestamp()) as lease_left
       from tcc_transaction where service = $1 and name <> 'marker' order by xid limit 1`,
      [used.service],
    );
    return row!;
  };
  /** Resolves when recovery has found something that is due: then it has also seen what it took to be. */
  const recoveryHasLooked = async (): Promise<void> => {
    const xid = randomUUID();
    await used.audit.query(
      `insert into tcc_transaction (xid, service, name, status, phase_order, baggage, created_at, deadline, due_at, decided_at)
       values ($1, $2, 'marker', 'confirming', 'together', '{}', now(), now(), now(), now())`,
      [xid, used.service],
    );
    await eventually(async () => {
      const [marker] = await used.audit.query(
        'select 1 from tcc_transaction where xid = $1 and settled_at is not null',
        [xid],
      );
      if (!marker) throw new Error('recovery has not found the marker');
    }, SOON_MS);
  };

  beforeAll(() =>
    used.audit.query(
      `create function ms(interval) returns float8 language sql as 'select (extract(epoch from $1) * 1000)::float8'`,
    ),
  );

  it('a transaction that takes its time is left alone while it tries and while it confirms, though clocks jump', async () => {
    const faults = 'ledger.decide.sending@each:pause, barrier.confirm.opening:pause#south.withdraw';
    const [app, other] = [start(ahead.initiator, { faults }), recovering()];
    await Promise.all([app.said('ready'), other.said('ready')]);
    const call = app.run('keyed', used.owner);
    await app.said('reached', ({ point }) => point === 'ledger.decide.sending');

    // by a clock that is off it would have been over for ten minutes, or have ten minutes left
    const trying = await times();
    expect(Math.abs(madeAt(trying.xid) - (Date.now() + ahead.initiator))).toBeLessThan(60_000);
    expect(trying).toMatchObject({ status: 'trying', epoch: 0 });
    expect(trying.begun_ago).toBeGreaterThanOrEqual(0);
    expect(trying.begun_ago).toBeLessThan(60_000);
    expect(trying.given).toBeLessThanOrEqual(60_000);
    expect(trying.given).toBeGreaterThan(50_000);
    await recoveryHasLooked();
    for (const process of [app, other]) process.send({ do: 'set clock', aheadMs: ahead.other });
    await recoveryHasLooked();
    expect(await times()).toMatchObject({ status: 'trying', epoch: 0 });

    app.send({ do: 'resume' });
    await app.said('reached', ({ point }) => point === 'barrier.confirm.opening');
    for (const process of [app, other]) process.send({ do: 'set clock', aheadMs: ahead.initiator });
    const [first] = await used.audit.query<{ until: Date }>(
      'select lease_until as until from tcc_transaction where xid = $1',
      [trying.xid],
    );
    await eventually(async () => {
      const [row] = await used.audit.query(
        'select 1 from tcc_transaction where xid = $1 and clock_timestamp() > $2 and lease_until > clock_timestamp()',
        [trying.xid, first!.until],
      );
      if (!row) throw new Error('the lease has not been renewed past its first end');
    }, SOON_MS);
    await recoveryHasLooked();
    expect(await times()).toMatchObject({ status: 'confirming', epoch: 1 });
    expect(other.reports.filter(({ said }) => said === 'entered')).toEqual([]);

    app.send({ do: 'resume' });
    const told = await call;
    expect(told).toMatchObject({ ok: true });
    // the same key, asked for by another clock
    expect(await other.run('keyed', used.owner)).toEqual(told);
    await used.audit.settled(used.service);
    expect(await times()).toMatchObject({ status: 'confirmed', epoch: 1 });
    expect(breaches(await used.audit.remains(used.owner), { amount: AMOUNT, told: 'confirmed' })).toEqual([]);
  });

  it('a transaction whose process dies while it tries is cancelled at its deadline, not before and not late', async () => {
    const timeout = '2s';
    const [app, other] = [start(ahead.initiator, { faults: 'ledger.decide.sending:pause', timeout }), recovering()];
    await Promise.all([app.said('ready'), other.said('ready')]);
    void app.run('confirms', used.owner);
    await app.said('reached');
    await app.kill();
    await used.audit.settled(used.service, 2_000 + SOON_MS);
    const cancelled = await times();
    expect(cancelled.status).toBe('cancelled');
    expect(cancelled.given).toBeLessThanOrEqual(2_000);
    expect(cancelled.decided_late).toBeGreaterThanOrEqual(0);
    expect(cancelled.decided_late).toBeLessThan(SOON_MS);
    expect(breaches(await used.audit.remains(used.owner), { amount: AMOUNT, told: undefined })).toEqual([]);
  });

  it('a transaction whose process dies once it is decided is driven on when its lease ends, and nobody takes it for old', async () => {
    const app = start(ahead.initiator, { faults: 'ledger.decide.done:pause' });
    const other = recovering({ behaviour: { confirm: { failures: 3 } } });
    await Promise.all([app.said('ready'), other.said('ready')]);
    void app.run('confirms', used.owner);
    await app.said('reached');
    await app.kill();
    await used.audit.settled(used.service, LEASE_MS + SOON_MS);
    const { xid, status } = await times();
    expect(status).toBe('confirmed');
    const attempts = await used.audit.query<{ after_decision: number; ago: number }>(
      `select ms(a.at - t.decided_at) as after_decision, ms(clock_timestamp() - a.at) as ago
       from tcc_attempt a join tcc_transaction t on t.xid = a.xid where a.xid = $1`,
      [xid],
    );
    expect(attempts.length).toBeGreaterThanOrEqual(3);
    for (const { after_decision, ago } of attempts) {
      expect(after_decision).toBeGreaterThanOrEqual(0);
      expect(ago).toBeGreaterThanOrEqual(0);
      expect(after_decision + ago).toBeLessThan(60_000);
    }
    // an alert goes out for what has been unsettled for ten minutes: by the clocks of these processes it is twenty
    const alerts = await used.audit.query('select 1 from tcc_branch where xid = $1 and alerted', [xid]);
    expect(alerts).toEqual([]);
    expect(breaches(await used.audit.remains(used.owner), { amount: AMOUNT, told: undefined })).toEqual([]);
  });
});
