import { jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { PurgeAnswer, PurgeRequest } from 'nestjs-tcc';
import type { PostgresLedger } from '../../libs/tcc/src/ledger/postgres/postgres-ledger.js';
import { Retention } from '../../libs/tcc/src/retention/retention.js';
import { eventually } from '../support/eventually.js';
import { aBatch, aBegin, aBranch, aDecision, LedgerFixture, OWNER } from '../support/ledger-fixture.js';
import { TcpRelay } from '../support/tcp-relay.js';

/** With a retention so short that its rounds follow each other quickly: the options do not allow that. */
describe('the loop of retention', () => {
  let fixture: LedgerFixture;
  let ledger: PostgresLedger;
  let service = '';
  let services = 0;
  const running: Retention[] = [];
  const errors = jest.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  jest.spyOn(Logger.prototype, 'log').mockImplementation(() => undefined);

  beforeAll(async () => {
    fixture = await LedgerFixture.create();
    ledger = await fixture.ledger();
  });
  beforeEach(() => {
    errors.mockClear();
    service = `service-${++services}`;
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((each) => each.stop()));
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await fixture?.drop();
  });

  const begun = async (count: number): Promise<string[]> => {
    const begins = Array.from({ length: count }, () => aBegin({ service, branches: [aBranch(), aBranch({ seq: 2 })] }));
    await ledger.flush(aBatch({ begins }));
    const xids = begins.map(({ xid }) => xid);
    await ledger.flush(aBatch({ decides: xids.map((xid) => aDecision(xid)) }));
    return xids;
  };
  const settle = async (xids: readonly string[]): Promise<void> => {
    const settles = xids.map((xid) => ({ xid, owner: OWNER, epoch: 1, seqs: [1, 2] }));
    await ledger.flush(aBatch({ settles }));
  };
  const count = async (): Promise<number> => {
    const sql = 'select count(*)::int as count from tcc_transaction where service = $1';
    return (await fixture.rows<{ count: number }>(sql, [service]))[0]!.count;
  };
  /** Records what it asks of the ledger, and what it is told. */
  const start = (purge: (request: PurgeRequest) => Promise<PurgeAnswer>, retentionMs = 100) => {
    const asked: PurgeRequest[] = [];
    const told: PurgeAnswer[] = [];
    const watched = async (request: PurgeRequest): Promise<PurgeAnswer> => {
      asked.push(request);
      const answer = await purge(request);
      told.push(answer);
      return answer;
    };
    const retention = new Retention({ purge: watched }, { service, retentionMs });
    retention.start();
    running.push(retention);
    return { asked, told, retention };
  };

  it('removes in bounded batches, each a statement of its own', async () => {
    await settle(await begun(2_500));
    const { asked, told } = start((request) => ledger.purge(request));
    await eventually(async () => expect(await count()).toBe(0));
    for (const { limit } of asked) expect(limit).toBeLessThanOrEqual(1_000);
    expect(told.filter(({ removed }) => removed > 0).length).toBeGreaterThanOrEqual(3);
    expect(told.reduce((sum, { removed }) => sum + removed, 0)).toBe(2_500);
  });

  it('goes on from where it stopped, and comes back to what was passed over when it settles', async () => {
    const [late = '', ...others] = await begun(5);
    await settle(others);
    const { asked } = start((request) => ledger.purge(request));
    await eventually(async () => expect(await count()).toBe(1));
    await eventually(() => expect(asked.at(-1)?.after).toBeDefined());
    await settle([late]);
    await eventually(async () => expect(await count()).toBe(0));
  });

  it('survives a ledger that is away, says so once, and goes on when it is back', async () => {
    const relay = await TcpRelay.to(fixture.database.url);
    const far = await fixture.ledger({ pool: { connectionString: relay.url }, timeoutMs: 200 });
    await settle(await begun(3));
    relay.mute(true);
    let failed = 0;
    start((request) =>
      far.purge(request).catch((error: unknown) => {
        failed++;
        throw error;
      }),
    );
    await eventually(() => expect(failed).toBeGreaterThanOrEqual(3));
    expect(await count()).toBe(3);
    expect(errors).toHaveBeenCalledTimes(1);
    relay.mute(false);
    await eventually(async () => expect(await count()).toBe(0));
    await running.pop()?.stop();
    await relay.close();
  });

  it('takes smaller batches when the ledger does not manage the large ones in its time', async () => {
    let failed = 0;
    const { asked } = start((request) =>
      failed++ < 4 ? Promise.reject(new Error('statement timeout')) : ledger.purge(request),
    );
    await settle(await begun(200));
    await eventually(async () => expect(await count()).toBe(0));
    expect(asked.slice(0, 5).map(({ limit }) => limit)).toEqual([1_000, 500, 250, 125, 62]);
  });

  it('ends when it is stopped, in the middle of its work', async () => {
    await settle(await begun(300));
    const { asked, retention } = start((request) =>
      ledger.purge({ ...request, limit: 1 }).then((answer) => ({ ...answer, more: true })),
    );
    await eventually(() => expect(asked.length).toBeGreaterThan(3));
    await retention.stop();
    const before = asked.length;
    const rows = await count();
    expect(rows).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(asked.length).toBe(before);
    expect(await count()).toBe(rows);
  });

  it('is passed over by what somebody holds, and removes it afterwards', async () => {
    const xids = await begun(20);
    await settle(xids);
    const other = await fixture.client();
    await other.query('begin');
    await other.query('select 1 from tcc_transaction where xid = $1 for update', [xids[0]]);
    start((request) => ledger.purge(request));
    await eventually(async () => expect(await count()).toBe(1));
    await other.query('rollback');
    await eventually(async () => expect(await count()).toBe(0));
  });
});
