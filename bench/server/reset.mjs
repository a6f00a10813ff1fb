import pg from 'pg';
import { connected } from './databases.mjs';

/** Of the peers too. What tells them which schema they have stays. */
const KEPT = ['account', 'tcc_schema', 'dbos_migrations'];

/** The same start for every point: side tables empty, accounts without dead rows, no checkpoint due. */
export async function reset({ north, south, ledger }) {
  for (const url of [north, south, ledger]) {
    await connected(url, async (client) => {
      const { rows } = await client.query(
        `select schemaname, tablename from pg_tables
         where schemaname not in ('pg_catalog', 'information_schema') and tablename <> all ($1)`,
        [KEPT],
      );
      const names = rows.map((row) => `${pg.escapeIdentifier(row.schemaname)}.${pg.escapeIdentifier(row.tablename)}`);
      if (names.length > 0) await client.query(`truncate ${names.join(', ')} cascade`);
      if (url !== ledger) await client.query('vacuum (analyze) account');
    });
  }
  await connected(ledger, (client) => client.query('checkpoint'));
}
