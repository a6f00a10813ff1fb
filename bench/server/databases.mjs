import pg from 'pg';
import { NAIVE_LEDGER_SCHEMA, PARTICIPANT_SCHEMA } from '../workload/sql.mjs';

const NAMES = ['ledger', 'north', 'south'];

/** Runs `work` on a connection of its own. */
export async function connected(url, work) {
  const client = new pg.Client(url);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Makes the three databases of one run on a server.
 *
 * @param {string} serverUrl of any database there, as somebody who may create others
 * @returns {Promise<{ urls: import('../modes/modes.mjs').Urls, drop: () => Promise<void> }>}
 */
export async function createDatabases(serverUrl) {
  const nameOf = (name) => `bench_${process.pid}_${name}`;
  const urls = Object.fromEntries(
    NAMES.map((name) => [name, Object.assign(new URL(serverUrl), { pathname: `/${nameOf(name)}` }).href]),
  );
  await connected(serverUrl, async (admin) => {
    for (const name of NAMES) await admin.query(`create database ${nameOf(name)}`);
  });
  await connected(urls.ledger, (ledger) => ledger.query(NAIVE_LEDGER_SCHEMA));
  for (const name of ['north', 'south']) await connected(urls[name], (side) => side.query(PARTICIPANT_SCHEMA));
  const drop = () =>
    connected(serverUrl, async (admin) => {
      for (const name of NAMES) await admin.query(`drop database if exists ${nameOf(name)} with (force)`);
    });
  return { urls, drop };
}

/** Name of the database behind a URL. */
export const databaseOf = (url) => new URL(url).pathname.slice(1);
