import { ledgerMigrations } from '../../libs/tcc/src/ledger/postgres/ledger-migrations.js';
import { migrate } from '../../libs/tcc/src/migrations/migrator.js';
import { SchemaError } from '../../libs/tcc/src/errors/schema.error.js';
import { LedgerFixture } from '../support/ledger-fixture.js';

let fixture: LedgerFixture;
beforeEach(async () => {
  fixture = await LedgerFixture.create();
  // Clones of the template may be migrated already.
  await fixture.rows('drop table if exists tcc_transaction, tcc_branch, tcc_attempt, tcc_audit, tcc_schema');
});
afterEach(() => fixture.drop());

const NEWEST = Math.max(...ledgerMigrations.map(({ version }) => version));
const versions = () => fixture.rows('select component, version from tcc_schema order by 1, 2');
const refused = (opening: Promise<unknown>): Promise<SchemaError> =>
  opening.then(
    () => Promise.reject(new Error('it opened')),
    (error: unknown) => error as SchemaError,
  );

describe('migrations of the ledger', () => {
  it('run once under twenty concurrent starts, and not again', async () => {
    await Promise.all(Array.from({ length: 20 }, () => fixture.ledger()));
    const expected = ledgerMigrations.map(({ version }) => ({ component: 'ledger', version }));
    expect(await versions()).toEqual(expected);
    await fixture.ledger();
    expect(await versions()).toEqual(expected);
  });

  it('run beside those of the other component, on one table of versions', async () => {
    const barrier = [{ version: 1, sql: 'create table other (x int)' }];
    const clients = await Promise.all(Array.from({ length: 6 }, () => fixture.client()));
    await Promise.all([
      ...clients.map((client) => migrate((sql, params) => client.query(sql, params), 'barrier', barrier, 'run', 'db')),
      ...Array.from({ length: 6 }, () => fixture.ledger()),
    ]);
    expect(await versions()).toEqual([
      { component: 'barrier', version: 1 },
      ...ledgerMigrations.map(({ version }) => ({ component: 'ledger', version })),
    ]);
  });

  it('refuse a missing schema when told to check only, and create nothing', async () => {
    const error = await refused(fixture.ledger({ migrations: 'check' }));
    expect(error).toBeInstanceOf(SchemaError);
    expect(error).toMatchObject({ code: 'TCC_SCHEMA', component: 'ledger', found: 0, needed: NEWEST });
    expect(await fixture.rows(`select to_regclass('tcc_schema') as made`)).toEqual([{ made: null }]);
  });

  it('accept a fitting schema when told to check only, without the right to create', async () => {
    await fixture.ledger();
    await expect(fixture.ledger({ migrations: 'check' })).resolves.toBeDefined();
  });

  it.each(['run', 'check'] as const)('refuse a newer schema (%s)', async (migrations) => {
    await fixture.ledger();
    await fixture.rows(`insert into tcc_schema (component, version) values ('ledger', $1)`, [NEWEST + 1]);
    expect(await refused(fixture.ledger({ migrations }))).toMatchObject({
      code: 'TCC_SCHEMA',
      found: NEWEST + 1,
      needed: NEWEST,
    });
  });

  it('go from an older version to the newest, refuse it when told to check only, and keep what a failed step did not reach', async () => {
    const client = await fixture.client();
    const steps = (third: string) => [
      { version: 1, sql: 'create table one (x int)' },
      { version: 2, sql: 'create table two (x int); insert into two values (1)' },
      { version: 3, sql: third },
    ];
    const run = (sql: string, params?: unknown[]) => client.query(sql, params);
    await migrate(run, 'ledger', steps('').slice(0, 1), 'run', 'db');
    expect(await refused(migrate(run, 'ledger', steps(''), 'check', 'db'))).toMatchObject({ found: 1, needed: 3 });
    await expect(
      migrate(run, 'ledger', steps('create table three (x int); select 1/0'), 'run', 'db'),
    ).rejects.toMatchObject({ code: '22012' });
    expect(await versions()).toEqual([1, 2].map((version) => ({ component: 'ledger', version })));
    expect(await fixture.rows(`select to_regclass('three') as made`)).toEqual([{ made: null }]);
    await migrate(run, 'ledger', steps('create table three (x int)'), 'run', 'db');
    expect(await fixture.rows('select x from two')).toEqual([{ x: 1 }]);
    expect(await versions()).toHaveLength(3);
  });

  it('see what an earlier start did although the default isolation would hide it', async () => {
    const [first, second] = await Promise.all([fixture.client(), fixture.client()]);
    for (const client of [first, second]) await client.query(`set default_transaction_isolation = 'serializable'`);
    const slow = [{ version: 1, sql: 'create table once (x int)' }];
    const gate = await fixture.client();
    await gate.query('begin');
    await gate.query('select pg_advisory_xact_lock(7233120518034962771)');
    const both = [first, second].map((client) =>
      migrate((sql, params) => client.query(sql, params), 'ledger', slow, 'run', 'db'),
    );
    await fixture.blocked(2);
    await gate.query('commit');
    await expect(Promise.all(both)).resolves.toHaveLength(2);
  });

  it('go into the schema that is named, made when it is missing', async () => {
    const made = await Promise.all(Array.from({ length: 5 }, () => fixture.ledger({ schema: 'Own "ledger"' })));
    expect(await fixture.rows(`select to_regclass('tcc_transaction') as made`)).toEqual([{ made: null }]);
    expect(await made[0]?.backlog('shop')).toEqual({ open: 0, parked: 0 });
  });
});

describe('a role whose commits are not durable', () => {
  it.each([
    ['off', 1],
    ['on', 0],
  ])('synchronous_commit=%s gives %i warnings', async (setting, count) => {
    const warnings: string[] = [];
    await fixture.rows(`alter database "${fixture.database.name}" set synchronous_commit = ${setting}`);
    await fixture.ledger({ warn: (message) => warnings.push(message) });
    expect(warnings).toHaveLength(count);
  });
});
