import type { Lease } from '../../ledger.types.js';
import type { Statement } from './statement.js';

/**
 * Gives leases back before their work is done: whoever looks next may take over.
 *
 * $1 xid, $2 owner, $3 epoch.
 *
 * @returns the services concerned, each once
 */
const TEXT = `
with held as materialized (
  select xid, owner, epoch, lease_until
  from tcc_transaction where xid = any($1::uuid[]) order by xid for no key update
), released as (
  update tcc_transaction t set owner = null, lease_until = null, due_at = clock_timestamp()
  from held h join unnest($1::uuid[], $2::text[], $3::int[]) as i (xid, owner, epoch)
    on i.xid = h.xid and i.owner = h.owner and i.epoch = h.epoch
  where t.xid = h.xid and h.lease_until is not null
  returning t.service
)
select distinct service from released`;

export const release = (leases: readonly Lease[]): Statement<{ service: string }> => ({
  name: 'tcc-release-1',
  text: TEXT,
  values: [leases.map(({ xid }) => xid), leases.map(({ owner }) => owner), leases.map(({ epoch }) => epoch)],
});
