import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { DatabaseServer } from '../../../apps/shared/src/database/database-server.js';

const NAMES = ['shop', 'inventory', 'payment'] as const;

/** Databases of one spec file's own. The shop makes them when it starts. */
export interface ShopDatabases {
  readonly server: DatabaseServer;
  /** Environment that makes a shop process use them. */
  readonly env: Readonly<Record<string, string>>;
  /** Closes one of them to everybody, or opens it again. */
  allowConnections(name: (typeof NAMES)[number], allowed: boolean): Promise<void>;
  drop(): Promise<void>;
}

export function shopDatabases(): ShopDatabases {
  const url = process.env['TCC_TEST_ADMIN_URL'];
  if (url === undefined) throw new Error('No test database server: run this spec in the jest project "integration".');
  const prefix = `t_${randomBytes(6).toString('hex')}_`;
  return {
    server: { url, prefix },
    env: { DATABASE_URL: url, SHOP_DATABASE_PREFIX: prefix },
    allowConnections: (name, allowed) =>
      administer(url, [
        `alter database "${prefix}${name}" allow_connections ${allowed}`,
        ...(allowed
          ? []
          : [`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${prefix}${name}'`]),
      ]),
    drop: () =>
      administer(
        url,
        NAMES.map((name) => `drop database if exists "${prefix}${name}" with (force)`),
      ),
  };
}

async function administer(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    for (const statement of statements) await client.query(statement);
  } finally {
    await client.end();
  }
}
