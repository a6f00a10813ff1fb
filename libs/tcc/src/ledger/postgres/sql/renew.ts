import type { Lease } from '../../ledger.types.js';
import type { Statement } from './statement.js';

/**
 * Extends the leases that still stand, from now on.
 *
 * $1 xid, $2 owner, $3 epoch, $4 length of the lease in milliseconds.
 *
 * A lease that ran out and that nobody took over stands: what fences a driver is the epoch. `skip locked`: one row that
 * somebody holds must not make all leases of an instance lapse.
 *
 * @returns the xids of those that were extended
 */
const TEXT = `
with held as materialized (
  select xid, owner, epoch, lease_until, clock_timestamp() as at
  from tcc_transaction where xid = any($1::uuid[]) order by xid for no key update skip locked
)
update tcc_transaction t
set lease_until = h.at + $4::float8 * interval '1 millisecond', due_at = h.at + $4::float8 * interval '1 millisecond'
from held h join unnest($1::uuid[], $2::text[], $3::int[]) as i (xid, owner, epoch)
  on i.xid = h.xid and i.owner = h.owner and i.epoch = h.epoch
where t.xid = h.xid and h.lease_until is not null
returning t.xid`;

export const renew = (leases: readonly Lease[], leaseMs: number): Statement<{ xid: string }> => ({
  name: 'tcc-renew-1',
  text: TEXT,
  values: [leases.map(({ xid }) => xid), leases.map(({ owner }) => owner), leases.map(({ epoch }) => epoch), leaseMs],
});
