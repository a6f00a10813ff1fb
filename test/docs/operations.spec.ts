import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Injectable, Module, type INestApplicationContext, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  Cancel,
  Confirm,
  migrationSql,
  Participant,
  PostgresLedger,
  Tcc,
  TccModule,
  Try,
  UnrecoverableError,
  type TccModuleOptions,
} from 'nestjs-tcc';
import { settle } from 'nestjs-tcc-testing';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { blocksOf, documents, ROOT, writeModules, type Block } from './blocks.js';

const modules = writeModules('docs/operations.md');
const sql = blocksOf('docs/operations.md', 'sql');
const EXAMPLE_XID = '01890000-0000-7000-8000-000000000001';

/** A participant that can be told to fail. */
@Injectable()
@Participant('stock')
class Stock {
  failure: Error | undefined;
  readonly calls: string[] = [];

  @Try()
  async reserve(sku: string): Promise<void> {
    this.calls.push(`reserve ${sku}`);
  }
  @Confirm('reserve')
  async ship(sku: string): Promise<void> {
    this.calls.push(`ship ${sku}`);
    if (this.failure) throw this.failure;
  }
  @Cancel('reserve')
  async putBack(): Promise<void> {}
}

describe('docs/operations.md', () => {
  let database: TestDatabase;
  let client: pg.Client;

  const start = async (
    options: Partial<TccModuleOptions> = {},
    extra: object = {},
  ): Promise<INestApplicationContext> => {
    const { TccAlerts } = await modules.load<{ TccAlerts: Type }>('tcc-alerts.ts');
    const { HealthController } = await modules.load<{ HealthController: Type }>('health.controller.ts');

    @Module({
      imports: [
        TypeOrmModule.forRoot({ type: 'postgres', url: database.url, extra }),
        TccModule.forRoot({ service: 'shop', retry: { initial: '10ms' }, recovery: { poll: '20ms' }, ...options }),
      ],
      providers: [Stock, TccAlerts, HealthController],
    })
    class AppModule {}
    return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
  };
  /** The block that holds this text. */
  const block = (text: string): Block => {
    const found = sql.filter((each) => each.text.includes(text));
    if (found.length !== 1) throw new Error(`${found.length} blocks hold ${text}`);
    return found[0]!;
  };
  const run = async (text: string): Promise<pg.QueryResultRow[]> => {
    const results = (await client.query(text)) as pg.QueryResult | pg.QueryResult[];
    return (Array.isArray(results) ? results.at(-1)! : results).rows;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    client = new pg.Client(database.url);
    await client.connect();
  });
  afterAll(async () => {
    modules.remove();
    await client?.end();
    await database?.drop();
  });

  it('the printed migrations, run by hand, satisfy migrations: check', async () => {
    await expect(start({ migrations: 'check' })).rejects.toMatchObject({ code: 'TCC_SCHEMA' });
    await client.query(migrationSql('ledger'));
    await client.query(migrationSql('barrier'));
    const app = await start({ migrations: 'check' });
    await app.close();
    expect(migrationSql('barrier', 1)).not.toContain('tcc_barrier');
  });

  it.each(documents().flatMap((document) => blocksOf(document, 'sql')))(
    '$document:$line runs against migrated tables',
    async ({ text }) => {
      const own = text.startsWith('begin;');
      if (!own) await client.query('begin');
      await expect(client.query(text)).resolves.toBeDefined();
      await client.query(own ? 'truncate tcc_audit' : 'rollback');
    },
  );

  it('names the columns of each table, and no other', async () => {
    const page = readFileSync(join(ROOT, 'docs', 'operations.md'), 'utf8');
    const [, section = ''] = /^## Tables\n(.*?)^## /ms.exec(page) ?? [];
    const listed = (table: string): string[] => {
      const [, rest = ''] = section.split(`\`${table}\``);
      const inline =
        /^[^`]*\(((?:`\w+`,?\s*)+)\)|^ has one row per failed attempt of a confirm or cancel: ((?:`\w+`,?\s*)+)/.exec(
          rest,
        );
      const rows = [...rest.split('\n\n`tcc_')[0]!.matchAll(/^\| ((?:`\w+`(?:, )?)+)/gm)].map(([, cell]) => cell!);
      const text = inline ? (inline[1] ?? inline[2]!) : rows.join();
      return [...text.matchAll(/`(\w+)`/g)].map(([, column]) => column!);
    };
    for (const table of ['tcc_transaction', 'tcc_branch', 'tcc_attempt', 'tcc_audit', 'tcc_barrier', 'tcc_schema']) {
      const { rows } = await client.query<{ column_name: string }>(
        'select column_name from information_schema.columns where table_name = $1',
        [table],
      );
      expect([table, listed(table).toSorted()]).toEqual([table, rows.map((row) => row.column_name).toSorted()]);
    }
  });

  it('the rights it lists are enough for a confirm that fails first', async () => {
    const role = `shop_${database.name}`;
    await client.query(`create role ${role} login`);
    for (const { text } of sql.filter((each) => each.text.includes('create role'))) {
      // the ledger's and the participant's database are one here
      await client.query(text.replace(/^create role .*$/m, '').replaceAll('shop_app', role));
    }
    try {
      const app = await start({}, { options: `-c role=${role}` });
      expect(await app.get(DataSource).query('select current_user as role')).toEqual([{ role }]);
      const stock = app.get(Stock);
      stock.failure = new Error('not today');
      const reserved = app.get(Tcc).run({ name: 'rights' }, () => stock.reserve('book'));
      await eventually(() => expect(stock.calls.filter((call) => call === 'ship book').length).toBeGreaterThan(1));
      stock.failure = undefined;
      await reserved;
      expect(await settle(app)).toEqual({ open: 0, parked: 0 });
      await app.close();
      expect(await run(`select distinct error_message from tcc_attempt`)).toEqual([{ error_message: 'not today' }]);
    } finally {
      await client.query(`drop owned by ${role}; drop role ${role}`);
    }
  });

  describe('a parked branch', () => {
    let app: INestApplicationContext;
    let xid: string;

    const parked = async (): Promise<void> => {
      if ((await app.get(Tcc).outcome(xid))?.parked !== 1) throw new Error(`no branch of ${xid} is parked`);
    };

    beforeEach(async () => {
      app = await start();
      const stock = app.get(Stock);
      stock.failure = new UnrecoverableError('the shelf is gone');
      xid = await app.get(Tcc).run({ name: 'parked' }, async () => {
        await stock.reserve('book');
        return app.get(Tcc).transaction.xid;
      });
      await eventually(parked);
    });
    afterEach(() => app.close());

    const here = (text: string): string => text.replaceAll(EXAMPLE_XID, xid);

    it('is found, with what it owes and why', async () => {
      expect(await run(block('order by b.parked_at').text)).toContainEqual(
        expect.objectContaining({ xid, seq: 1, branch: 'stock.reserve', status: 'confirming', attempts: 1 }),
      );
      expect(await run(here(block('as phase').text))).toEqual([
        expect.objectContaining({ phase: 'confirm', settled: false, parked_because: expect.stringContaining('shelf') }),
      ]);
      expect(await run(here(block('from tcc_attempt').text))).toMatchObject([{ error_code: 'TCC_UNRECOVERABLE' }]);
      expect(await run(block('as open').text)).toEqual([{ open: expect.any(String) }]);
      const { TccAlerts } = await modules.load<{ TccAlerts: Type<{ pages: string[] }> }>('tcc-alerts.ts');
      expect(app.get(TccAlerts).pages).toEqual([`parked: confirm of stock.reserve (${xid}:1) after 1 attempts`]);
    });

    it('is tried again', async () => {
      const stock = app.get(Stock);
      stock.failure = undefined;
      await client.query(here(block("'resume'").text));
      await eventually(async () =>
        expect(await app.get(Tcc).outcome(xid)).toMatchObject({ status: 'confirmed', parked: 0 }),
      );
      expect(stock.calls.filter((call) => call === 'ship book')).toHaveLength(2);
      expect(await run(`select status from tcc_barrier where xid = '${xid}'`)).toEqual([{ status: 'confirmed' }]);
    });

    it('is settled by hand, and its participant is not called again', async () => {
      await client.query(here(block("'settle'").text));
      await eventually(async () =>
        expect(await app.get(Tcc).outcome(xid)).toMatchObject({ status: 'confirmed', parked: 0 }),
      );
      expect(app.get(Stock).calls.filter((call) => call === 'ship book')).toHaveLength(1);
      expect(await run(`select action from tcc_audit where xid = '${xid}'`)).toEqual([{ action: 'settle' }]);
    });
  });

  it('the ledger takes no more connections than it says', async () => {
    const app = await start({ ledger: { connection: { connectionString: database.url } } });
    const stock = app.get(Stock);
    const tcc = app.get(Tcc);
    let most = 0;
    const count = async (): Promise<void> => {
      const [row] = await run(`select count(*)::int as n from pg_stat_activity where application_name = 'nestjs-tcc'
        and datname = current_database()`);
      most = Math.max(most, (row as { n: number }).n);
    };
    const rounds = Array.from({ length: 40 }, async () => {
      const xid = await tcc.run({ name: 'many' }, async () => (await stock.reserve('book'), tcc.transaction.xid));
      await Promise.all([tcc.outcome(xid), tcc.outcome(xid), tcc.outcome(xid), tcc.outcome(xid)]);
    });
    for (let look = 0; look < 10; look++) await count();
    await Promise.all(rounds);
    await count();
    await app.close();
    expect(most).toBeGreaterThanOrEqual(2);
    expect(most).toBeLessThanOrEqual(5);
  });

  it('the health controller answers while the ledger does, and says what is wrong otherwise', async () => {
    const { HealthController } = await modules.load<{ HealthController: Type<{ check(): Promise<object> }> }>(
      'health.controller.ts',
    );
    const ledger = new PostgresLedger({
      pool: { connectionString: database.url },
      database: 'the test',
      migrations: 'check',
      timeoutMs: 500,
      warn: () => undefined,
    });
    const app = await start({ ledger: { port: ledger } });
    await eventually(async () =>
      expect(await app.get(HealthController).check()).toEqual({ ledger: true, recovery: true }),
    );
    await ledger.close();
    await eventually(() => expect(app.get(HealthController).check()).rejects.toMatchObject({ status: 503 }));
    await app.close().catch(() => undefined);
  });
});
