import { Module, type ModuleMetadata, type INestApplication, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Recovery, Tcc, TccModule, type TccModuleOptions } from 'nestjs-tcc';
import { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { eventually } from '../../support/eventually.js';

type Metadata = Pick<ModuleMetadata, 'imports' | 'providers' | 'controllers' | 'exports'>;
type CreateOptions = Parameters<typeof NestFactory.createApplicationContext>[1];

/** The database of one spec file, with the table that {@link Holds} writes. */
export async function createShopDatabase(): Promise<TestDatabase> {
  const database = await createTestDatabase();
  const setUp = await new DataSource({ type: 'postgres', url: database.url }).initialize();
  await setUp.query('create table hold (key text primary key, item text, count int, state text)');
  await setUp.destroy();
  return database;
}

/** A module with one DataSource, the ledger in the same database, and what a test adds. */
export function shopModule(
  database: TestDatabase,
  metadata: Metadata,
  options: Partial<TccModuleOptions> = {},
): new () => object {
  @Module({
    ...metadata,
    imports: [
      TypeOrmModule.forRoot({ type: 'postgres', url: database.url, poolSize: 5 }),
      TccModule.forRoot({ service: 'shop', recovery: false, retry: { initial: 1, cap: 1 }, ...options }),
      ...(metadata.imports ?? []),
    ],
  })
  class ShopModule {}
  return ShopModule;
}

const QUIET = { abortOnError: false, ...(process.env['TCC_TEST_LOG'] ? {} : { logger: false as const }) };

/** Boots without a server. */
export const startContext = (module: new () => object, options: CreateOptions = {}): Promise<INestApplicationContext> =>
  NestFactory.createApplicationContext(module, Object.assign({}, QUIET, options));

/** Boots with an HTTP server on a free port of loopback. @returns the application and its URL */
export async function startServer(
  module: new () => object,
  prepare: (app: INestApplication) => void = () => undefined,
): Promise<{ app: INestApplication; url: string }> {
  const app = await NestFactory.create(module, QUIET);
  prepare(app);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as { address(): { port: number } }).address();
  return { app, url: `http://127.0.0.1:${port}` };
}

/** State of every hold of a transaction, by sequence. */
export async function holdsOf(app: INestApplicationContext, xid: string): Promise<string[]> {
  const rows: { state: string }[] = await app
    .get(DataSource)
    .query('select state from hold where key like $1 order by key', [`${xid}:%`]);
  return rows.map(({ state }) => state);
}

/** Lets recovery run until a transaction has settled. @returns what became of it */
export function recovered(app: INestApplicationContext, xid: string): Promise<string> {
  return eventually(async () => {
    await app.get(Recovery).runOnce();
    const { status, parked } = (await app.get(Tcc).outcome(xid)) ?? { status: 'unknown', parked: 0 };
    if (parked === 0 && status !== 'confirmed' && status !== 'cancelled') throw new Error(`${xid} is ${status}`);
    return parked > 0 ? 'parked' : status;
  }, 5_000);
}
