import { setTimeout as pause } from 'node:timers/promises';
import { connected } from '../server/databases.mjs';

/** Copies of one row with all its columns, but those that make it another transaction of another time. */
const COPIES = {
  tcc_transaction: {
    xid: 'xid',
    ...Object.fromEntries(
      ['created_at', 'deadline', 'decided_at', 'settled_at'].map((column) => [column, `t.${column} - age`]),
    ),
  },
  tcc_branch: { xid: 'xid' },
};

/** Settlements are lazy: the last transfer's may be on its way. */
async function settledOne(client) {
  for (const giveUpAt = performance.now() + 5_000; ; await pause(10)) {
    const { rows } = await client.query(
      `select xid from tcc_transaction where status = 'confirmed' order by xid desc limit 1`,
    );
    if (rows.length > 0) return rows[0].xid;
    if (performance.now() > giveUpAt) throw new Error('the ledger holds no settled transaction to copy');
  }
}

/** A UUIDv7 of that age, the same for both tables. */
const XID = `(lpad(to_hex((extract(epoch from now() - age) * 1000)::bigint), 12, '0') || '7' || lpad(to_hex(n & 4095), 3, '0') || '8' || substr(md5(n::text), 1, 15))::uuid`;

/**
 * Fills a ledger with settled transactions as the library leaves them: copies of one that it has written, evenly spread
 * from `newest` to `oldest` ago, in the order of their time.
 *
 * @param {string} url of a ledger that holds settled transactions
 * @param {{ count: number, oldest: string, newest?: string }} what intervals of PostgreSQL
 */
export async function fillLedger(url, { count, oldest, newest = '1 day' }) {
  await connected(url, async (client) => {
    await client.query(`set synchronous_commit = off; set maintenance_work_mem = '1GB'; set work_mem = '256MB'`);
    const { rows: indexes } = await client.query(
      `select c.conname is not null as is_key, i.indexname, i.tablename, i.indexdef, pg_get_constraintdef(c.oid) as key
       from pg_indexes i left join pg_constraint c on c.conname = i.indexname and c.contype = 'p'
       where i.tablename in ('tcc_transaction', 'tcc_branch') and i.schemaname = current_schema()`,
    );
    const template = await settledOne(client);
    // Sorted once instead of one by one, as every bulk load does.
    for (const { is_key, indexname, tablename } of indexes)
      await client.query(is_key ? `alter table ${tablename} drop constraint ${indexname}` : `drop index ${indexname}`);
    for (const [table, changes] of Object.entries(COPIES)) {
      const { rows } = await client.query(
        `select attname as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped`,
        [table],
      );
      const columns = rows.map(({ name }) => name);
      const values = columns.map((name) => (name === 'xid' ? XID : (changes[name] ?? `t.${name}`)));
      await client.query(
        `insert into ${table} (${columns.join(', ')})
         select ${values.join(', ')}
         from (select n, $2::interval + ($3::interval - $2::interval) * (($1 - n)::float8 / $1) as age from generate_series(1, $1::int) n) i,
           (select * from ${table} where xid = $4 ${table === 'tcc_branch' ? 'order by seq' : ''}) t`,
        [count, newest, oldest, template],
      );
    }
    for (const { is_key, indexname, tablename, indexdef, key } of indexes)
      await client.query(is_key ? `alter table ${tablename} add constraint ${indexname} ${key}` : indexdef);
    for (const table of Object.keys(COPIES)) await client.query(`vacuum (analyze) ${table}`);
    await client.query('checkpoint');
  });
}

/** Rows and bytes of the ledger's tables. */
export const sizes = (url) =>
  connected(url, async (client) => {
    const { rows } = await client.query(
      `select relname as table, reltuples::bigint::float8 as rows, pg_table_size(oid)::float8 / 1048576 as table_mib,
         pg_indexes_size(oid)::float8 / 1048576 as indexes_mib
       from pg_class where relname in ('tcc_transaction', 'tcc_branch') and relkind = 'r' order by 1`,
    );
    return rows;
  });
