import { Injectable, Module, type DynamicModule, type OnModuleInit } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { GlobalTransaction, Participant, TccModule, type TccModuleOptions } from 'nestjs-tcc';
import { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { eventually } from '../support/eventually.js';
import { Holds, Journal, STOCK, Shop, Stock } from '../providers/support/stock.js';

@Participant('hollow')
class Hollow {}

class Plain {
  @GlobalTransaction()
  async work(): Promise<void> {}
}

/** Sockets and listening servers of this process. */
const sockets = (): number => process.getActiveResourcesInfo().filter((name) => /TCP|Pipe/.test(name)).length;

describe('an application that fails to boot', () => {
  let database: TestDatabase;
  let watcher: DataSource;
  /** Of the applications that were started. */
  let opened: Promise<DataSource>[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    watcher = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  });
  beforeEach(() => {
    opened = [];
  });
  afterAll(async () => {
    await watcher?.destroy();
    await database?.drop();
  });

  const dataSource = (): DynamicModule =>
    TypeOrmModule.forRootAsync({
      useFactory: () => ({ type: 'postgres', url: database.url }),
      // Nest closes nothing of an application that failed to boot
      dataSourceFactory: (options) => {
        const opening = new DataSource(options!).initialize();
        opened.push(opening);
        return opening;
      },
    });

  const boot = async (options: Partial<TccModuleOptions>, providers: object[]): Promise<unknown> => {
    @Module({
      imports: [dataSource(), TccModule.forRoot({ service: 'shop', ...options })],
      providers: [Holds, Shop, Stock, { provide: STOCK, useExisting: Stock }, Journal, ...(providers as [])],
    })
    class App {}
    return NestFactory.createApplicationContext(App, { logger: false, abortOnError: false }).then(
      async (app) => app.close(),
      (error: unknown) => error,
    );
  };

  it.each<[string, Partial<TccModuleOptions>, object[], string]>([
    ['for wiring mistakes', {}, [Hollow], 'TCC_WIRING'],
    ['for a schema that is not there', { migrations: 'check' }, [], 'TCC_SCHEMA'],
    ['for a ledger that is not there', { ledger: { connection: { host: '127.0.0.1', port: 1 } } }, [], 'ECONNREFUSED'],
    ['for an option', { timeout: 0 }, [], 'TCC_CONFIGURATION'],
  ])('%s leaves nothing behind', async (_why, options, providers, code) => {
    const before = sockets();
    const error = (await boot(options, providers)) as { code?: string; cause?: { code?: string } };
    expect(error.code ?? error.cause?.code).toBe(code);
    for (const used of await Promise.all(opened)) {
      // the application's DataSource is as it was
      expect(Object.hasOwn(used, 'createQueryRunner')).toBe(false);
      expect(Object.hasOwn(used.manager, 'transaction')).toBe(false);
      await used.destroy();
    }
    await eventually(async () => {
      const [{ count }] = (await watcher.query(
        `select count(*)::int from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`,
      )) as [{ count: number }];
      expect(count).toBe(0);
      expect(sockets()).toBe(before);
    });
    await expect(new Plain().work()).rejects.toMatchObject({ code: 'TCC_RUNTIME_NOT_FOUND', live: 0 });
  });

  it('for somebody else’s reason holds no connection to the ledger', async () => {
    @Injectable()
    class Failing implements OnModuleInit {
      onModuleInit(): never {
        throw new Error('not today');
      }
    }
    expect(await boot({}, [Failing])).toMatchObject({ message: 'not today' });
    await (await opened[0]!).destroy();
    await eventually(async () => {
      const rows: unknown[] = await watcher.query(
        `select 1 from pg_stat_activity where datname = current_database() and application_name = 'nestjs-tcc'`,
      );
      expect(rows).toEqual([]);
    });
  });

  it('boots once the reason is gone', async () => {
    expect(await boot({}, [])).toBeUndefined();
    const used = await opened[0]!;
    expect(Object.hasOwn(used, 'createQueryRunner')).toBe(false);
    expect(used.isInitialized).toBe(false);
  });
});
