import { setTimeout as pause } from 'node:timers/promises';
import { InDoubtError, LedgerUnavailableError } from 'nestjs-tcc';
import type { DataSource } from 'typeorm';
import { eventually } from '../../support/eventually.js';
import { useLoadedBank } from '../../support/faults/use-loaded-bank.js';
import { AMOUNT } from '../../support/processes/scenarios.js';

const used = useLoadedBank();

/** How many connections a DataSource may have from now on. */
function limit(dataSource: DataSource, connections: number): void {
  (dataSource.driver as unknown as { master: { options: { max: number } } }).master.options.max = connections;
}

/** Settings of new sessions in one of the databases. */
async function settings(place: 'ledger' | 'north' | 'south', values: Record<string, string>): Promise<void> {
  const name = used.databases[place].name;
  for (const [setting, value] of Object.entries(values))
    await used.sql(place, `alter database "${name}" set ${setting} = '${value}'`);
  await used.endSessions(place);
}
const failure = (call: Promise<unknown>): Promise<unknown> => call.catch((error: unknown) => error);

afterEach(async () => {
  for (const place of ['ledger', 'north', 'south'] as const)
    await used.sql(place, `rollback; alter database "${used.databases[place].name}" reset all`);
});

describe('pools without a connection to spare', () => {
  it('many transactions and recovery on one connection of each participant and two of the ledger', async () => {
    const connection = { connectionString: used.databases.ledger.url, max: 1 };
    await used.start({ ledger: { connection }, ledgerTimeout: '5s', timeout: '10s' }, { lanes: 0, instances: 2 });
    limit(used.bank.north, 1);
    limit(used.bank.south, 1);
    let calls = 0;
    used.bank.hooks.inConfirm = () => {
      if (++calls % 3 === 0) throw new Error('recovery has to confirm it');
    };
    used.call(32);
    expect(await used.load.progress(60)).toBeGreaterThanOrEqual(60);
    await used.ends();
  });
});

describe('time limits of the server', () => {
  const SHORT = { statement_timeout: '300ms', lock_timeout: '100ms', idle_in_transaction_session_timeout: '300ms' };
  const attempts = (): Promise<{ error_code: string; phase: string }[]> =>
    used.audit.query(
      'select error_code, phase from tcc_attempt a join tcc_transaction t using (xid) where t.service = $1',
      [used.service],
    );

  it('a business row that somebody holds: confirm fails with 55P03, is retried and settles', async () => {
    await used.start({}, { lanes: 0 });
    await settings('north', SHORT);
    const [owner] = used.owners as [string];
    const call = used.bank.transfers.take(owner, AMOUNT, () =>
      used.sql('north', `begin; select 1 from wallet where owner = '${owner}' for update`).then(() => undefined),
    );
    await eventually(async () => {
      const failed = await attempts();
      expect(failed.length).toBeGreaterThanOrEqual(3);
      expect(new Set(failed.map(({ error_code, phase }) => `${phase} ${error_code}`))).toEqual(
        new Set(['confirm 55P03']),
      );
    });
    await used.sql('north', 'rollback');
    await call;
    await used.audit.settled(used.service, 20_000);
    expect((await used.bank.wallets(owner)).north).toEqual({ balance: 90, held: 0, gone: AMOUNT });
  });

  it('business code that takes too long: its try is cancelled; its confirm is retried until it is quick', async () => {
    await used.start({}, { lanes: 0 });
    await settings('north', SHORT);
    const [first, second] = used.owners as [string, string];
    const sleep = (): Promise<unknown> => used.bank.tcc.branch.manager.query('select pg_sleep(5)');
    used.bank.hooks.inTry = async (owner) => void (owner === first && (await sleep()));
    expect(await failure(used.bank.transfers.take(first, AMOUNT))).toMatchObject({ driverError: { code: '57014' } });
    let slow = 2;
    used.bank.hooks.inConfirm = async () => void (slow-- > 0 && (await sleep()));
    // south has no such limit: only what sleeps in the north ends early
    await settings('south', SHORT);
    await used.bank.transfers.take(second, AMOUNT);
    await used.audit.settled(used.service, 20_000);
    expect((await attempts()).map(({ error_code }) => error_code)).toEqual(['57014', '57014']);
    expect(await used.bank.wallets(first)).toMatchObject({ north: { balance: 100, held: 0 }, south: { balance: 100 } });
    expect(await used.bank.wallets(second)).toMatchObject({ north: { gone: AMOUNT }, south: { gone: AMOUNT } });
  });

  it('business code that idles: the server ends its session, and the phase counts as failed', async () => {
    await used.start({}, { lanes: 0 });
    await settings('north', SHORT);
    await settings('south', SHORT);
    const [owner] = used.owners as [string];
    let slow = 2;
    used.bank.hooks.inConfirm = async () => void (slow-- > 0 && (await pause(900)));
    await used.bank.transfers.take(owner, AMOUNT);
    await used.audit.settled(used.service, 20_000);
    expect(await used.bank.wallets(owner)).toMatchObject({ north: { gone: AMOUNT }, south: { gone: AMOUNT } });
  });

  it.each([
    ['the registration of the second branch', LedgerUnavailableError, 'cancelled'],
    ['the decision', InDoubtError, 'cancelled'],
  ] as const)(
    'a ledger row that somebody holds at %s: callers are told in time, and it ends',
    async (when, told, status) => {
      await settings('ledger', SHORT);
      await used.start({}, { lanes: 0 });
      const [owner] = used.owners as [string];
      const hold = async (): Promise<void> =>
        void (await used.sql(
          'ledger',
          `begin; select 1 from tcc_transaction where service = '${used.service}' for update`,
        ));
      let tries = 0;
      used.bank.hooks.inTry = async () => void (++tries === 2 && when === 'the decision' && (await hold()));
      const call = used.bank.transfers.take(owner, AMOUNT, when === 'the decision' ? undefined : hold);
      expect(await failure(call)).toBeInstanceOf(told);
      await used.sql('ledger', 'rollback');
      await used.audit.settled(used.service, 20_000);
      expect((await used.audit.remains(owner)).transactions).toMatchObject([{ status }]);
      expect(await used.bank.wallets(owner)).toMatchObject({ north: { balance: 100 }, south: { balance: 100 } });
    },
  );
});

describe('a ledger that takes no writes for a while', () => {
  it('as a primary that was demoted (25006): callers are told, nothing is lost, and it goes on', async () => {
    await used.start();
    await used.load.progress(10);
    await settings('ledger', { default_transaction_read_only: 'on' });
    await eventually(() =>
      expect(used.load.answers.filter(({ error }) => error instanceof LedgerUnavailableError).length).toBeGreaterThan(
        8,
      ),
    );
    await used.sql('ledger', 'begin read write');
    await used.sql('ledger', `alter database "${used.databases.ledger.name}" reset all; commit`);
    await used.endSessions('ledger');
    expect(await used.load.progress(10)).toBeGreaterThanOrEqual(10);
    await used.ends();
  });
});

describe('sessions that an administrator ends', () => {
  it('at random, those of ledger, participants and listener: nothing is lost, and it goes on', async () => {
    await used.start();
    const listeners = `select pid from pg_stat_activity where datname = current_database() and query like 'listen %'`;
    const listening = (): Promise<{ pid: number }[]> => used.sql<{ pid: number }>('ledger', listeners);
    const [before] = await listening();
    for (let round = 0; round < 30; round++) {
      for (const place of ['ledger', 'north', 'south'] as const) {
        await used.sql(
          place,
          `select pg_terminate_backend(pid) from pg_stat_activity
           where datname = current_database() and application_name <> 'outsider' and query not like 'listen %'
           order by random() limit 1`,
        );
      }
      await pause(40);
      if (round === 15) await used.sql('ledger', 'select pg_terminate_backend($1)', [before!.pid]);
    }
    expect(await used.load.progress(20)).toBeGreaterThanOrEqual(20);
    await eventually(async () => expect(await listening()).not.toEqual([]));
    expect((await listening()).map(({ pid }) => pid)).not.toContain(before!.pid);
    await used.ends();
  });
});
