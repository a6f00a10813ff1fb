import { storableKey } from '../../../core/idempotency-key.js';
import type { PurgeRequest } from '../../ledger.types.js';
import type { Statement } from './statement.js';

/** What one purge did. */
export interface PurgeRow {
  /** Transactions it looked at, removable or not. */
  readonly looked: number;
  readonly removed: number;
  /** The last one that it looked at; null: none. */
  readonly up_to: string | null;
}

const FIRST = '00000000-0000-0000-0000-000000000000';

/**
 * Removes settled transactions with their branches and attempts; audit rows stay.
 *
 * $1 service, $2 retention in milliseconds, $3 the xid to go on behind, $4 how many transactions to look at.
 *
 * An xid begins with the milliseconds at which it was made, so the primary key leads to what is old enough to have
 * settled so long ago: an index on `settled_at` would cost every settlement a write. Looking is bounded as well as
 * removing, since rows of other services lie in between.
 *
 * It waits for nothing, so it cannot be part of a deadlock: parents are locked before their branches, as everybody
 * does, and one that is locked is passed over.
 */
const TEXT = `
with moment as materialized (
  select statement_timestamp() - $2::float8 * interval '1 millisecond' as before
), looked as materialized (
  select xid, service = $1 and status in ('confirmed', 'cancelled') and settled_at <= (select before from moment) as goes
  from tcc_transaction
  where xid > $3::uuid and xid <= (
    select (lpad(to_hex(greatest(0, floor(extract(epoch from before) * 1000))::bigint), 12, '0') || 'ffffffffffffffffffff')::uuid
    from moment
  )
  order by xid limit $4
), locked as materialized (
  select xid from tcc_transaction where xid = any(array(select xid from looked where goes))
  order by xid for update skip locked
), attempts as (
  delete from tcc_attempt where xid = any(array(select xid from locked))
), branches as (
  delete from tcc_branch where xid = any(array(select xid from locked))
), transactions as (
  delete from tcc_transaction where xid = any(array(select xid from locked))
)
select (select count(*) from looked)::int as looked, (select count(*) from locked)::int as removed,
  (select xid from looked order by xid desc limit 1) as up_to`;

export const purge = ({ service, retentionMs, after, limit }: PurgeRequest): Statement<PurgeRow> => ({
  name: 'tcc-purge-1',
  text: TEXT,
  values: [storableKey(service), retentionMs, after ?? FIRST, limit],
});
