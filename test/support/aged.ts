import type pg from 'pg';

/**
 * Makes transactions of a ledger as old as if everything about them had happened that much earlier: their times, and
 * the milliseconds that their xids begin with.
 *
 * @returns their xids now, in the same order
 */
export async function aged(pool: pg.Pool, xids: readonly string[], hours: number): Promise<string[]> {
  const ago = hours * 3_600_000;
  const older = xids.map((xid) => {
    const at = Number.parseInt(xid.slice(0, 13).replace('-', ''), 16) - ago;
    const hex = at.toString(16).padStart(12, '0');
    return `${hex.slice(0, 8)}-${hex.slice(8)}${xid.slice(13)}`;
  });
  const input = `(select * from unnest($1::uuid[], $2::uuid[]) as i (young, old)) i`;
  const interval = `interval '${ago} milliseconds'`;
  await pool.query(
    `with moved as (
      update tcc_branch b set xid = i.old, settled_at = settled_at - ${interval} from ${input} where b.xid = i.young
    ), attempts as (
      update tcc_attempt a set xid = i.old, at = at - ${interval} from ${input} where a.xid = i.young
    )
    update tcc_transaction t set xid = i.old, created_at = created_at - ${interval},
      decided_at = decided_at - ${interval}, settled_at = settled_at - ${interval}
    from ${input} where t.xid = i.young`,
    [xids, older],
  );
  return older;
}
