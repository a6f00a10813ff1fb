import type { DynamicModule, Type } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { databaseUrl, type DatabaseServer } from './database-server.js';
import { ensureDatabase } from './ensure-database.js';

/** One of the shop's databases, as a TypeORM DataSource. */
export interface DatabaseOptions {
  readonly server: DatabaseServer;
  /** Of the database. */
  readonly name: string;
  /** Of the DataSource; omitted: the default one. */
  readonly dataSource?: string;
  readonly entities: readonly Type[];
}

/** A try that waits longer than this for a row gives up: nobody waits for its answer any more. */
const LOCK_TIMEOUT_MS = 8_000;

const CONNECT_TIMEOUT_MS = 3_000;
const CONNECTIONS = 10;

/** Makes the database when it is missing, and the DataSource with a pool of its own. */
export const databaseModule = ({ server, name, dataSource, entities }: DatabaseOptions): DynamicModule =>
  TypeOrmModule.forRootAsync({
    ...(dataSource === undefined ? {} : { name: dataSource }),
    useFactory: async () => {
      await ensureDatabase(server, name);
      return {
        type: 'postgres' as const,
        url: databaseUrl(server, name),
        entities: [...entities],
        poolSize: CONNECTIONS,
        // Without a limit a request waits for ever for a database that does not answer.
        extra: { connectionTimeoutMillis: CONNECT_TIMEOUT_MS, lock_timeout: LOCK_TIMEOUT_MS, keepAlive: true },
      };
    },
  });
