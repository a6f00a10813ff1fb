import type { DecideWrite } from '../../ledger.types.js';
import { payload } from './payload.js';
import type { WriteStatement } from './statement.js';

/**
 * The compare-and-set from trying, with what phase two needs to know, and the first lease.
 *
 * $1 xid, $2 confirming or cancelling, $3 outcomes as JSON, $4 the initiator's return value or null, $5 owner,
 * $6 length of the lease in milliseconds.
 *
 * `skip locked`: one row that a slow transaction holds must not stall the flush it rides in. The row is judged as it is
 * once locked, and by a clock that is read once for each.
 *
 * Touches a row for each write that decides.
 */
const TEXT = `
with locked as materialized (
  select i.*, t.status, t.deadline
  from (
    select unnest($1::uuid[]) as xid, unnest($2::text[]) as decision, unnest($3::text[]) as outcomes,
      unnest($4::text[]) as result, unnest($5::text[]) as owner, unnest($6::float8[]) as lease_ms
  ) i join tcc_transaction t on t.xid = i.xid
  order by t.xid for no key update of t skip locked
), judged as (
  select l.*, l.at + l.lease_ms * interval '1 millisecond' as lease_end
  from (select *, clock_timestamp() as at from locked offset 0) l
  where l.status = 'trying' and (l.decision = 'cancelling' or l.deadline > l.at)
)
update tcc_transaction t
set status = j.decision, outcomes = j.outcomes, result = j.result, decided_at = j.at, owner = j.owner,
  epoch = t.epoch + 1, lease_until = j.lease_end, due_at = j.lease_end
from judged j where t.xid = j.xid`;

/** @throws LedgerFailure `rejected` when a payload cannot be stored */
export const decide = (writes: readonly DecideWrite[]): WriteStatement => ({
  name: 'tcc-decide-2',
  text: TEXT,
  rows: writes.length,
  values: [
    writes.map(({ xid }) => xid),
    writes.map(({ to }) => to),
    writes.map(({ outcomes }) => JSON.stringify(outcomes)),
    writes.map(({ result, xid }) => (result === undefined ? null : payload(result, 'the result', xid))),
    writes.map(({ owner, xid }) => payload(owner, 'the owner', xid)),
    writes.map(({ leaseMs }) => leaseMs),
  ],
});
