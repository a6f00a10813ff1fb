import { AMOUNT } from '../workload/sql.mjs';
import { connected } from './databases.mjs';

const balances = (url) =>
  connected(url, async (client) => {
    const { rows } = await client.query(
      'select sum(balance)::text balance, sum(held)::text held, count(*) filter (where held <> 0)::int uneven from account',
    );
    return { balance: BigInt(rows[0].balance), held: BigInt(rows[0].held), uneven: rows[0].uneven };
  });

/** What both sides hold before a point. */
export const takeStock = async ({ north, south }) => ({ north: await balances(north), south: await balances(south) });

const barrier = (url) =>
  connected(url, async (client) => {
    const { rows: tables } = await client.query(
      `select tablename from pg_tables where tablename in ('hand_barrier', 'tcc_barrier')`,
    );
    const all = tables.map(({ tablename }) => `select status from ${tablename}`).join(' union all ');
    const { rows } = await client.query(`select status, count(*)::int from (${all}) every group by status`);
    return Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  });

/**
 * Whether a point did the work that it counted: each side moved the amount of every transfer, holds nothing, and has
 * one barrier row a transfer, confirmed.
 *
 * @param {Awaited<ReturnType<typeof takeStock>>} before
 * @returns {Promise<string[]>} what is wrong
 */
export async function mismatches(urls, before, transfers) {
  const after = await takeStock(urls);
  const moved = BigInt(transfers * AMOUNT);
  const expected = { north: before.north.balance - moved, south: before.south.balance + moved };
  const wrong = [];
  for (const side of ['north', 'south']) {
    const { balance, held, uneven } = after[side];
    if (balance !== expected[side]) wrong.push(`${side} has ${balance} where ${expected[side]} is due`);
    if (held !== 0n || uneven !== 0) wrong.push(`${side} still holds ${held} on ${uneven} accounts`);
    const rows = await barrier(urls[side]);
    const { confirmed = 0, ...others } = rows;
    if (confirmed !== transfers || Object.keys(others).length > 0)
      wrong.push(`the barrier of ${side} says ${JSON.stringify(rows)} after ${transfers} transfers`);
  }
  return wrong;
}
