import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { isDatabaseFailure } from './database-failure.js';
import type { DatabaseServer } from './database-server.js';

/** Of our own choice; held while a database is made. */
const CREATING = 7_324_001;

/** Somebody else, who does not know our lock, was faster: both codes have been seen. */
const EXISTS_ALREADY = ['42P04', '23505'];

/** A server that was started together with us needs a moment. */
const STARTS_WITHIN_MS = 15_000;
const LOOK_AGAIN_MS = 250;
const CONNECT_TIMEOUT_MS = 5_000;

/**
 * Makes a database unless it is there. Safe when several processes do so at once.
 *
 * @throws what the server says, or, after a quarter of a minute, why it does not answer
 */
export async function ensureDatabase(server: DatabaseServer, name: string): Promise<void> {
  const client = await connect(server.url);
  try {
    if (await exists(client, server.prefix + name)) return;
    await client.query('select pg_advisory_lock($1)', [CREATING]);
    if (!(await exists(client, server.prefix + name))) await create(client, server.prefix + name);
  } finally {
    await client.end();
  }
}

async function connect(url: string): Promise<pg.Client> {
  for (const giveUpAt = performance.now() + STARTS_WITHIN_MS; ; await pause(LOOK_AGAIN_MS)) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
    try {
      await client.connect();
      return client;
    } catch (error) {
      await client.end().catch(() => undefined);
      if (!isDatabaseFailure(error) || performance.now() > giveUpAt) throw error;
    }
  }
}

async function exists(client: pg.Client, name: string): Promise<boolean> {
  const { rows } = await client.query('select 1 from pg_database where datname = $1', [name]);
  return rows.length > 0;
}

async function create(client: pg.Client, name: string): Promise<void> {
  try {
    // Nobody can be connected to template0; one connection to template1 would make this fail.
    await client.query(`create database ${client.escapeIdentifier(name)} template template0 encoding 'UTF8'`);
  } catch (error) {
    if (!EXISTS_ALREADY.includes((error as { code?: string }).code ?? '')) throw error;
  }
}
