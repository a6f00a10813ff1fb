import pg from 'pg';
import type { DatabaseServer } from './database-server.js';

/** Of our own choice; held while a database is made. */
const CREATING = 7_324_001;

/** Somebody else, who does not know our lock, was faster: both codes have been seen. */
const EXISTS_ALREADY = ['42P04', '23505'];

/** Makes a database unless it is there. Safe when several processes do so at once. */
export async function ensureDatabase(server: DatabaseServer, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url, connectionTimeoutMillis: 10_000 });
  await client.connect();
  try {
    if (await exists(client, server.prefix + name)) return;
    await client.query('select pg_advisory_lock($1)', [CREATING]);
    if (!(await exists(client, server.prefix + name))) await create(client, server.prefix + name);
  } finally {
    await client.end();
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
