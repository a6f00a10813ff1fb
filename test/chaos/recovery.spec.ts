import { jest } from '@jest/globals';
import { TCC_LEDGER, UnrecoverableError, type LedgerPort, type ParticipantDefinition } from 'nestjs-tcc';
import pg from 'pg';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { ChildApp } from '../support/processes/child-app.js';
import { courier, orphans, startCouriers, type CourierApp, type Orphan } from '../support/processes/courier-app.js';
import { DELIVERY_TABLES } from '../support/processes/process-plan.js';

describe('recovering instances', () => {
  let database: TestDatabase;
  let pool: pg.Pool;
  let apps: CourierApp[] = [];
  let services = 0;
  let service: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    pool = new pg.Pool({ connectionString: database.url, max: 4 });
    await pool.query(DELIVERY_TABLES);
  });
  beforeEach(() => {
    service = `service-${++services}`;
  });
  afterEach(async () => {
    await ChildApp.killAll();
    await Promise.all(apps.map((app) => app.close()));
    apps = [];
  });
  afterAll(async () => {
    await pool?.end();
    await database?.drop();
  });

  async function start(
    couriers: readonly ParticipantDefinition[],
    options: Parameters<typeof startCouriers>[2] = {},
  ): Promise<CourierApp> {
    const app = await startCouriers(database.url, couriers, { service, drain: '100ms', ...options });
    apps.push(app);
    return app;
  }

  const rows = async <Row extends pg.QueryResultRow>(sql: string, values: unknown[]): Promise<Row[]> =>
    (await pool.query<Row>(sql, values)).rows;
  const open = async (): Promise<number> =>
    (
      await rows<{ open: number }>(
        'select count(*)::int as open from tcc_transaction where service = $1 and settled_at is null',
        [service],
      )
    )[0]!.open;
  const parcels = (count: number, of: string, towards: Orphan['towards'] = 'confirmed'): Orphan[] =>
    Array.from({ length: count }, (_, index) => ({
      parcels: [{ courier: of, parcel: `${service}/${of}/${index}` }],
      towards,
    }));

  it('call a slow participant once at a time, however much longer than lease and poll it takes', async () => {
    let running = 0;
    let most = 0;
    let calls = 0;
    let deliver = (): void => undefined;
    const delivered = new Promise<void>((resolve) => (deliver = resolve));
    const slow = courier('slow', async () => {
      calls++;
      most = Math.max(most, ++running);
      await delivered;
      running--;
    });
    const renewed: string[] = [];
    const options = {
      lease: '300ms',
      recovery: { poll: '30ms' },
      faults: (point: string, { xids }: { xids: readonly string[] }) => {
        if (point === 'ledger.renew.done') renewed.push(...xids);
        return undefined;
      },
    } as const;
    const instances = await Promise.all(Array.from({ length: 4 }, () => start([slow], options)));
    const looks = instances.map(({ app }) => jest.spyOn(app.get<LedgerPort>(TCC_LEDGER), 'claim'));
    const [xid] = await orphans(database.url, service, parcels(1, 'slow'));
    // Three leases long, and all have looked for work all the time.
    await eventually(() => {
      expect(renewed.length).toBeGreaterThanOrEqual(9);
      for (const look of looks) expect(look.mock.calls.length).toBeGreaterThanOrEqual(10);
    });
    expect({ calls, running, most }).toEqual({ calls: 1, running: 1, most: 1 });
    deliver();
    await eventually(async () => expect(await open()).toBe(0));
    expect({ calls, most }).toEqual({ calls: 1, most: 1 });
    expect(await rows('select epoch from tcc_transaction where xid = $1', [xid])).toEqual([{ epoch: 2 }]);
  });

  it('share 500 overdue transactions among four processes: each is driven, none twice', async () => {
    const plan = { ledger: database.url, couriers: ['dhl', 'ups'], options: { service, lease: '30s' } } as const;
    const four = Array.from({ length: 4 }, () => ChildApp.startCouriers(plan));
    await Promise.all(four.map((child) => child.said('ready')));
    const list = [...parcels(250, 'dhl'), ...parcels(250, 'ups', 'cancelled')];
    await orphans(database.url, service, list);
    await eventually(async () => expect(await open()).toBe(0), 20_000);
    const delivered = await rows<{ parcel: string; phase: string; pid: number }>(
      'select * from delivered where parcel like $1',
      [`${service}/%`],
    );
    expect(delivered).toHaveLength(500);
    expect(
      delivered
        .filter(({ phase }) => phase === 'confirm')
        .map(({ parcel }) => parcel)
        .sort(),
    ).toEqual(
      parcels(250, 'dhl')
        .map((each) => each.parcels[0]!.parcel)
        .sort(),
    );
    expect(new Set(delivered.map(({ parcel }) => parcel)).size).toBe(500);
    expect(new Set(delivered.map(({ pid }) => pid)).size).toBe(4);
    // Two calls at a time of one branch would have failed on the key, and left an attempt.
    const attempts = 'select 1 from tcc_attempt a join tcc_transaction t using (xid) where t.service = $1';
    expect(await rows(attempts, [service])).toEqual([]);
    expect(four.map(({ stderr }) => stderr)).toEqual(['', '', '', '']);
  });

  it('settle 1000 healthy transactions beside poisoned branches, which are retried or parked with their history', async () => {
    let thrown = 0;
    const bad = courier('bad', () => {
      throw Object.assign(new Error(`nobody at home\u0000, ${++thrown} times`), { code: 'NOBODY' });
    });
    const hopeless = courier('hopeless', () => {
      throw new UnrecoverableError('no such street');
    });
    const delivered = new Set<string>();
    const good = courier('good', (parcel) => void delivered.add(parcel));
    const poisoned = (of: string, more: object = {}): Orphan => ({
      towards: 'confirmed',
      parcels: [
        { courier: of, parcel: `${service}/${of}`, ...more },
        { courier: 'good', parcel: `${service}/beside ${of}` },
      ],
    });
    const [throwing, never, unreadable] = await orphans(database.url, service, [
      poisoned('bad'),
      poisoned('hopeless'),
      { ...poisoned('good', { args: '["cut off' }) },
    ]);
    await orphans(database.url, service, parcels(1_000, 'good'));
    await start([good, bad, hopeless]);
    await eventually(async () => expect(await open()).toBe(3), 20_000);
    expect(delivered.size).toBe(1_003); // with the healthy branches beside the poisoned ones
    await eventually(() => expect(thrown).toBeGreaterThanOrEqual(3));

    const branches = await rows(
      `select xid, seq, settled_at is not null as settled, parked_at is not null as parked, parked_because, attempts > 0 as tried
       from tcc_branch where xid = any($1) order by xid, seq`,
      [[throwing, never, unreadable]],
    );
    const healthy = { seq: 2, settled: true, parked: false, parked_because: null, tried: false };
    const parked = { seq: 1, settled: false, parked: true, tried: true };
    expect(branches).toEqual([
      { xid: throwing, seq: 1, settled: false, parked: false, parked_because: null, tried: true },
      { xid: throwing, ...healthy },
      { xid: never, ...parked, parked_because: expect.stringMatching(/^TCC_UNRECOVERABLE: /) },
      { xid: never, ...healthy },
      { xid: unreadable, ...parked, parked_because: expect.stringMatching(/^TCC_PAYLOAD: /) },
      { xid: unreadable, ...healthy },
    ]);
    const history = await rows<{ xid: string; error_code: string; error_message: string; phase: string; seq: number }>(
      'select xid, seq, phase, error_code, error_message from tcc_attempt where xid = any($1) order by at',
      [[throwing, never, unreadable]],
    );
    const of = (xid: string | undefined): string[] =>
      history.filter((each) => each.xid === xid).map(({ seq, phase, error_code: code }) => `${phase} ${seq} ${code}`);
    expect(of(throwing).length).toBeGreaterThanOrEqual(3);
    expect(new Set(of(throwing))).toEqual(new Set(['confirm 1 NOBODY']));
    expect(history.find(({ xid }) => xid === throwing)!.error_message).toMatch(/^nobody at home.+1 times$/);
    expect(of(never)).toEqual(['confirm 1 TCC_UNRECOVERABLE']);
    expect(of(unreadable)).toEqual(['confirm 1 TCC_PAYLOAD']);
    const due =
      'select status, due_at is not null as due, lease_until from tcc_transaction where xid = any($1) order by xid';
    expect(await rows(due, [[throwing, never, unreadable]])).toMatchObject([
      { status: 'confirming' },
      { status: 'confirming', due: false, lease_until: null },
      { status: 'confirming', due: false, lease_until: null },
    ]);
  });

  it('settle healthy transactions though more than they drive at a time hang, and go away when they are told to', async () => {
    const delivered = new Set<string>();
    const good = courier('good', (parcel) => void delivered.add(parcel));
    let hanging = 0;
    const hung = courier('hung', () => new Promise<void>(() => void hanging++));
    await orphans(database.url, service, parcels(60, 'hung')); // they were due first
    await orphans(database.url, service, parcels(100, 'good'));
    const app = await start([good, hung], { recovery: { poll: '50ms', concurrency: 10 } });
    await eventually(() => expect(delivered.size).toBe(100), 20_000);
    // Four times as many as are started at a time; the others are not called, and that counts as no attempt.
    await eventually(async () => {
      const later = await rows<{ postponements: number; attempts: number }>(
        `select b.postponements, b.attempts from tcc_branch b join tcc_transaction t using (xid)
         where t.service = $1 and b.postponements > 0`,
        [service],
      );
      expect(later.map(({ attempts }) => attempts)).toEqual(Array.from({ length: 20 }, () => 0));
    });
    expect(hanging).toBe(40);
    const closedAt = performance.now();
    await app.close();
    expect(performance.now() - closedAt).toBeLessThan(5_000);
  });

  it('leave branches of an unknown participant to those who know it, and settle the others of its transaction', async () => {
    const told: string[] = [];
    const old = courier('old', (parcel) => void told.push(parcel));
    const fresh = courier('new', (parcel) => void told.push(parcel));
    const early = await start([old]);
    const handBack = jest.spyOn(early.app.get<LedgerPort>(TCC_LEDGER), 'handBack');
    const [xid] = await orphans(database.url, service, [
      {
        towards: 'confirmed',
        parcels: ['old', 'new'].map((name) => ({ courier: name, parcel: `${service}/${name}` })),
      },
    ]);
    await eventually(() => expect(handBack.mock.calls.length).toBeGreaterThanOrEqual(4));
    expect(told).toEqual([`${service}/old`]);
    const setbacks = handBack.mock.calls.flatMap(([write]) => write.setbacks);
    // less what the drive itself took since then
    for (const [index, pause] of [50, 100, 200, 400].entries()) {
      expect(setbacks[index]).toMatchObject({ seq: 2, attempts: 0 });
      expect(setbacks[index]!.dueInMs).toBeGreaterThan(pause / 2);
      expect(setbacks[index]!.dueInMs).toBeLessThanOrEqual(pause);
    }
    await start([old, fresh]);
    await eventually(async () => expect(await open()).toBe(0));
    expect(told).toEqual([`${service}/old`, `${service}/new`]);
    expect(await rows('select 1 from tcc_attempt where xid = $1', [xid])).toEqual([]);
  });
});
