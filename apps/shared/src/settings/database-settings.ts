import { ConfigurationError } from 'nestjs-tcc';
import type { Environment } from './environment.js';

/** Where the databases are. */
export interface DatabaseSettings {
  /** A server; undefined: none was given. */
  readonly databaseUrl: string | undefined;
  /** Put before the names of databases, and of services on brokers: several shops can share a server. */
  readonly prefix: string;
}

/** @throws ConfigurationError naming the variable that cannot work */
export function databaseSettings(env: Environment): DatabaseSettings {
  const databaseUrl = env.url('DATABASE_URL', 'postgres://user:password@host:5432/postgres');
  const prefix = env.text('SHOP_DATABASE_PREFIX') ?? '';
  if (!/^[a-z0-9_]{0,40}$/.test(prefix)) {
    throw new ConfigurationError('SHOP_DATABASE_PREFIX', 'it may hold a to z, 0 to 9 and _, 40 at most');
  }
  return { databaseUrl, prefix };
}
