import type { SettleWrite } from '../../ledger.types.js';
import type { WriteStatement } from './statement.js';

/**
 * Closes decided transactions that their driver has seen through.
 *
 * $1 xid, $2 owner, $3 epoch, $4 seqs of the branches that the driver settled, as an array in a string.
 *
 * What the ledger holds counts, not what the driver remembers: one branch that is neither settled nor named stops it.
 * Owner and epoch stay, so that a re-sent settle finds itself; without `lease_until` they are no lease any more.
 *
 * Touches a row for each transaction that it closes.
 */
const TEXT = `
with locked as materialized (
  select i.xid, i.seqs, t.status
  from (
    select unnest($1::uuid[]) as xid, unnest($2::text[]) as owner, unnest($3::int[]) as epoch,
      unnest($4::text[])::int[] as seqs
  ) i join tcc_transaction t on t.xid = i.xid
  where t.owner = i.owner and t.epoch = i.epoch and t.status in ('confirming', 'cancelling') and t.lease_until is not null
  order by t.xid for no key update of t skip locked
)
update tcc_transaction t
set status = case l.status when 'confirming' then 'confirmed' else 'cancelled' end,
  settled_at = clock_timestamp(), lease_until = null, due_at = null
from locked l
where t.xid = l.xid and not exists (
  select 1 from tcc_branch b where b.xid = l.xid and b.settled_at is null and b.seq <> all (l.seqs)
)`;

export const settle = (writes: readonly SettleWrite[]): WriteStatement => ({
  name: 'tcc-settle-2',
  text: TEXT,
  rows: writes.length,
  values: [
    writes.map(({ xid }) => xid),
    writes.map(({ owner }) => owner),
    writes.map(({ epoch }) => epoch),
    writes.map(({ seqs }) => `{${seqs.join()}}`),
  ],
});
