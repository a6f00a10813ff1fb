import type { Decision } from '../../../core/status.js';
import { storableKey } from '../../../core/idempotency-key.js';
import type { ClaimRequest, PhaseTwoOrder } from '../../ledger.types.js';
import type { Statement } from './statement.js';

/** A claimed transaction. */
export interface ClaimRow {
  readonly xid: string;
  readonly epoch: number;
  readonly name: string;
  readonly status: Decision;
  readonly outcomes: string | null;
  readonly phase_order: PhaseTwoOrder;
  readonly baggage: string;
  readonly remaining_ms: number;
  readonly decided_ms_ago: number;
}

/**
 * The end of the leases of one claim, the same for all statements of its transaction. $3 length in milliseconds. A lease
 * counts from before its row is locked, which `skip locked` never waits for; its driver counts from earlier still.
 */
export const LEASE_END = `transaction_timestamp() + $3::float8 * interval '1 millisecond'`;

/**
 * Takes over what is due: cancels what is still trying (it is due at its deadline), and starts a new epoch and lease.
 *
 * $1 service, $2 owner, $3 length of the lease in milliseconds, $4 how many at most, $5 xids to leave alone.
 *
 * `statement_timestamp()` lets the partial index find what is due (a volatile clock could only filter what is open);
 * it is never ahead of the clock that decisions are judged by, so nothing is claimed early. Branches are read by
 * another statement, `readClaimed`.
 * What is due is updated by an array of keys, which the primary key serves from a few hundred rows on: a join would be
 * planned as a scan of the whole table up to several thousand. `date_part` is a float8 from the start; `extract` takes
 * three times as long, since it is exact.
 */
const TEXT = `
with due as materialized (
  select xid from tcc_transaction
  where service = $1 and due_at is not null and due_at <= statement_timestamp() and not (xid = any($5::uuid[]))
  order by due_at limit $4 for no key update skip locked
), now as materialized (
  select clock_timestamp() as at
)
update tcc_transaction t
set status = case t.status when 'trying' then 'cancelling' else t.status end, decided_at = coalesce(t.decided_at, now.at),
  owner = $2, epoch = t.epoch + 1, lease_until = ${LEASE_END}, due_at = ${LEASE_END}
from now where t.xid = any(array(select xid from due))
returning t.xid, t.epoch, t.name, t.status, t.outcomes, t.phase_order, t.baggage,
  date_part('epoch', t.deadline - now.at) * 1000 as remaining_ms,
  date_part('epoch', now.at - t.decided_at) * 1000 as decided_ms_ago`;

export const claim = (request: ClaimRequest): Statement<ClaimRow> => ({
  name: 'tcc-claim-4',
  text: TEXT,
  values: [storableKey(request.service), request.owner, request.leaseMs, request.limit, request.except],
});
