/**
 * What the server wrote. WAL bytes are exact; a busy session reports its syncs once a second, so over several seconds of
 * steady load the error is small.
 *
 * @param {import('pg').ClientBase} client
 * @returns {Promise<{ walBytes: number, walSyncs: number }>}
 */
export async function readWal(client) {
  const { rows: setting } = await client.query(`select current_setting('server_version_num')::int as version`);
  // PostgreSQL 18 moved the count
  const syncs =
    setting[0].version >= 180_000
      ? `select sum(fsyncs) from pg_stat_io where object = 'wal'`
      : 'select wal_sync from pg_stat_wal';
  const { rows } = await client.query(
    `select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 as bytes, (${syncs})::float8 as syncs`,
  );
  return { walBytes: rows[0].bytes, walSyncs: rows[0].syncs };
}
