import { randomBytes } from 'node:crypto';
import pg from 'pg';

/**
 * A database of its own for one test file.
 *
 * @publicApi
 */
export interface TestDatabase {
  readonly name: string;
  readonly url: string;
  /** Drops it, connections included. */
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

const dropDatabase = (adminUrl: string, name: string): Promise<void> =>
  asAdministrator(adminUrl, async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${client.escapeIdentifier(name)} WITH (FORCE)`);
  });

async function asAdministrator(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
