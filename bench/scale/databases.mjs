import { connected } from '../server/databases.mjs';

/**
 * One more database, for as long as `work` lasts.
 *
 * @param {string} serverUrl of somebody who may create it
 * @param {(url: string) => Promise<T>} work
 * @template T
 */
export async function withDatabase(serverUrl, name, work) {
  const database = `bench_${process.pid}_${name}`;
  await connected(serverUrl, (admin) => admin.query(`create database ${database}`));
  try {
    return await work(Object.assign(new URL(serverUrl), { pathname: `/${database}` }).href);
  } finally {
    await connected(serverUrl, (admin) => admin.query(`drop database if exists ${database} with (force)`));
  }
}

/** Bytes of WAL that the server has written, ever. */
export const walBytes = (url) =>
  connected(url, async (client) => {
    const { rows } = await client.query(`select (pg_current_wal_insert_lsn() - '0/0')::float8 as bytes`);
    return rows[0].bytes;
  });
