import type { TransactionStatus } from '../../../core/status.js';
import type { DecideWrite } from '../../ledger.types.js';
import { payload } from './payload.js';
import type { Statement } from './statement.js';

/** One row per write. */
export interface DecideRow {
  readonly xid: string;
  /** The row exists, but another transaction had it locked. */
  readonly skipped: boolean;
  /** Under the lock, before this statement. null: no such transaction, or skipped. */
  readonly status: TransactionStatus | null;
  /** This statement decided. */
  readonly moved: boolean;
  /** An earlier sending of this very write decided, and nobody has driven since. */
  readonly leased: boolean;
}

/**
 * The compare-and-set from trying, with what phase two needs to know, and the first lease.
 *
 * $1 xid, $2 confirming or cancelling, $3 outcomes as JSON, $4 the initiator's return value or null, $5 owner,
 * $6 length of the lease in milliseconds.
 *
 * `skip locked`: one row that a slow transaction holds must not stall the flush it rides in. That a row is missing
 * from `locked` says nothing by itself, so the snapshot tells locked rows from rows that do not exist.
 * Recovery's own decision stores no outcomes, which tells it from a write of the same owner.
 */
const TEXT = `
with input as materialized (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::float8[])
    as i (xid, decision, outcomes, result, owner, lease_ms)
), locked as materialized (
  select xid, status, deadline, owner, epoch, lease_until, outcomes
  from tcc_transaction where xid = any($1::uuid[]) order by xid for no key update skip locked
), judged as materialized (
  select l.xid, l.status, clock_timestamp() as at,
    l.status = 'trying' and (i.decision = 'cancelling' or l.deadline > clock_timestamp()) as moves,
    l.owner = i.owner and l.epoch = 1 and l.lease_until is not null and l.outcomes is not null as leased
  from locked l join input i on i.xid = l.xid
), decided as (
  update tcc_transaction t
  set status = i.decision, outcomes = i.outcomes, result = i.result, decided_at = j.at, owner = i.owner,
    epoch = t.epoch + 1,
    lease_until = j.at + i.lease_ms * interval '1 millisecond', due_at = j.at + i.lease_ms * interval '1 millisecond'
  from judged j join input i on i.xid = j.xid
  where t.xid = j.xid and j.moves
)
select i.xid, j.status, coalesce(j.moves, false) as moved, coalesce(j.leased, false) as leased,
  j.xid is null and exists (select 1 from tcc_transaction t where t.xid = i.xid) as skipped
from input i left join judged j on j.xid = i.xid`;

/** @throws LedgerFailure `rejected` when a payload cannot be stored */
export const decide = (writes: readonly DecideWrite[]): Statement<DecideRow> => ({
  name: 'tcc-decide-1',
  text: TEXT,
  values: [
    writes.map(({ xid }) => xid),
    writes.map(({ to }) => to),
    writes.map(({ outcomes }) => JSON.stringify(outcomes)),
    writes.map(({ result, xid }) => (result === undefined ? null : payload(result, 'the result', xid))),
    writes.map(({ owner, xid }) => payload(owner, 'the owner', xid)),
    writes.map(({ leaseMs }) => leaseMs),
  ],
});
