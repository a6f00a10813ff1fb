import type { PoolConfig } from 'pg';
import type { DataSource } from 'typeorm';
import { ConfigurationError } from './errors/configuration.error.js';

type PostgresOptions = Extract<DataSource['options'], { type: 'postgres' }>;

/**
 * The connection settings of a TypeORM DataSource, for a pool of our own: the ledger must not wait behind business
 * code that holds every connection of the application's pool.
 *
 * @throws ConfigurationError when it is no PostgreSQL database
 */
export function poolConfigOf(dataSource: DataSource, name: string): PoolConfig {
  if (dataSource.options.type !== 'postgres') {
    throw new ConfigurationError(
      'ledger',
      `DataSource '${name}' is ${dataSource.options.type}, and the ledger needs PostgreSQL`,
    );
  }
  const options: PostgresOptions = dataSource.options;
  const where = options.replication?.master ?? options;
  const given = {
    connectionString: where.url,
    host: where.host,
    port: where.port,
    user: where.username,
    password: where.password,
    database: where.database,
    ssl: where.ssl,
  };
  const extra = (options.extra ?? {}) as PoolConfig;
  // Pool sizes are the application's own business; what reaches the server is ours too.
  const { max: _max, min: _min, ...reaching } = extra;
  return {
    ...(Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as PoolConfig),
    ...reaching,
  };
}
