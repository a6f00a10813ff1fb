import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';

/**
 * A database of its own for one test file.
 *
 * @publicApi
 */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Drops it, connections included, after up to a second for those that are about to end. */
  drop(): Promise<void>;
}

/**
 * Where to make a database.
 *
 * @publicApi
 */
export interface TestDatabaseOptions {
  /** Of a server, as a user who may create databases: {@link EmbeddedPostgres.url} for instance. */
  readonly url: string;
  /** Database to clone, to which nobody is connected. Default: an empty one. */
  readonly template?: string;
  /** Start of the new name; letters, digits and `_`. Default `t`. */
  readonly prefix?: string;
}

/** `FILE_COPY` takes a third of the time of the default, `WAL_LOG`. The word came with PostgreSQL 15. */
const FILE_COPY_SINCE = 150_000;

/**
 * Makes a database, as a clone of a template: migrate that once per run, then give each test file a clone of its own.
 *
 * @publicApi
 */
export async function createTestDatabase(options: TestDatabaseOptions): Promise<TestDatabase> {
  const name = `${options.prefix ?? 't'}_${randomBytes(6).toString('hex')}`;
  await asAdministrator(options.url, async (client) => {
    const template = client.escapeIdentifier(options.template ?? 'template0');
    const { rows } = await client.query<{ version: string }>(`select current_setting('server_version_num') as version`);
    const strategy = Number(rows[0]?.version) >= FILE_COPY_SINCE ? ' STRATEGY FILE_COPY' : '';
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)} TEMPLATE ${template}${strategy}`);
  });
  const url = new URL(options.url);
  url.pathname = `/${encodeURIComponent(name)}`;
  return { name, url: url.href, drop: () => dropDatabase(options.url, name) };
}

const LEAVING_MS = 1_000;
const LOOK_MS = 10;

const dropDatabase = (adminUrl: string, name: string): Promise<void> =>
  asAdministrator(adminUrl, async (client) => {
    await othersHaveLeft(client, name);
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
  });

/**
 * Waits for others to leave a database. A pool of pg has ended before the server knows, and one that nobody listens to
 * any more would throw what the server says when it ends its connections.
 */
async function othersHaveLeft(client: pg.Client, name: string): Promise<void> {
  const giveUpAt = performance.now() + LEAVING_MS;
  const sql = `select from pg_stat_activity where datname = $1 and backend_type = 'client backend' limit 1`;
  while ((await client.query(sql, [name])).rowCount && performance.now() < giveUpAt) await pause(LOOK_MS);
}

async function asAdministrator(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
