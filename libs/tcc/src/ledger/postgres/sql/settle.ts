import type { SettleWrite } from '../../ledger.types.js';
import type { Statement } from './statement.js';

/** One row per write. */
export interface SettleRow {
  readonly xid: string;
  /** The row exists, but another transaction had it locked. */
  readonly skipped: boolean;
  /** Closed by this statement, or by an earlier sending of the same write. */
  readonly done: boolean;
}

/**
 * Closes decided transactions that their driver has seen through.
 *
 * $1 xid, $2 owner, $3 epoch; $4 xid and $5 seq of every branch that the driver settled.
 *
 * What the ledger holds counts, not what the driver remembers: one branch that is neither settled nor named stops it.
 * Owner and epoch stay, so that a re-sent settle finds itself; without `lease_until` they are no lease any more.
 */
const TEXT = `
with input as materialized (
  select * from unnest($1::uuid[], $2::text[], $3::int[]) as i (xid, owner, epoch)
), driven as materialized (
  select * from unnest($4::uuid[], $5::int[]) as d (xid, seq)
), locked as materialized (
  select xid, status, owner, epoch, lease_until
  from tcc_transaction where xid = any($1::uuid[]) order by xid for no key update skip locked
), judged as materialized (
  select l.xid, l.status in ('confirmed', 'cancelled') as settled,
    l.status in ('confirming', 'cancelling') and l.lease_until is not null and not exists (
      select 1 from tcc_branch b
      where b.xid = l.xid and b.settled_at is null
        and not exists (select 1 from driven d where d.xid = b.xid and d.seq = b.seq)
    ) as closes
  from locked l join input i on i.xid = l.xid and i.owner = l.owner and i.epoch = l.epoch
), closed as (
  update tcc_transaction t
  set status = case t.status when 'confirming' then 'confirmed' else 'cancelled' end,
    settled_at = clock_timestamp(), lease_until = null, due_at = null
  from judged j where t.xid = j.xid and j.closes
)
select i.xid, coalesce(j.settled or j.closes, false) as done,
  l.xid is null and exists (select 1 from tcc_transaction t where t.xid = i.xid) as skipped
from input i left join locked l on l.xid = i.xid left join judged j on j.xid = i.xid`;

export function settle(writes: readonly SettleWrite[]): Statement<SettleRow> {
  const driven = writes.flatMap(({ xid, seqs }) => seqs.map((seq) => ({ xid, seq })));
  return {
    name: 'tcc-settle-1',
    text: TEXT,
    values: [
      writes.map(({ xid }) => xid),
      writes.map(({ owner }) => owner),
      writes.map(({ epoch }) => epoch),
      driven.map(({ xid }) => xid),
      driven.map(({ seq }) => seq),
    ],
  };
}
