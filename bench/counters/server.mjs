/**
 * What the server counted. WAL bytes are exact. Sessions report the rest once a second, so that over several seconds of
 * steady load it is right by a few per cent; commits are counted exactly by `WireCounter`, and here as its witness.
 *
 * @param {import('pg').ClientBase} client
 * @returns {Promise<{ walBytes: number, walSyncs: number, commits: Record<string, number> }>} commits by database
 */
export async function readServer(client) {
  const { rows: setting } = await client.query(`select current_setting('server_version_num')::int as version`);
  // PostgreSQL 18 moved the count
  const syncs =
    setting[0].version >= 180_000
      ? `select sum(fsyncs) from pg_stat_io where object = 'wal'`
      : 'select wal_sync from pg_stat_wal';
  const { rows } = await client.query(
    `select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::float8 as bytes, (${syncs})::float8 as syncs,
       (select json_object_agg(datname, xact_commit) from pg_stat_database where datname is not null) as commits`,
  );
  return { walBytes: rows[0].bytes, walSyncs: rows[0].syncs, commits: rows[0].commits };
}
