import { monotonicNow } from '../../../core/monotonic-clock.js';
import { storableKey } from '../../../core/idempotency-key.js';
import type { BeginWrite } from '../../ledger.types.js';
import { branchColumns, branchCount, branchesFrom } from './branch-columns.js';
import { payload } from './payload.js';
import type { WriteStatement } from './statement.js';

/**
 * Inserts transactions together with their first branches, in one statement: a transaction without its branches would
 * be cancelled by recovery with a try still to come.
 *
 * $1 xid, $2 service, $3 name, $4 key or null, $5 fingerprint or null, $6 order of phase two, $7 baggage as JSON,
 * $8 milliseconds to the deadline; $9.. the branches, see `branchColumns`.
 *
 * Rows go in ordered by key: two instances that each hold one key and wait for the other's would be a deadlock.
 * The deadline counts from the arrival of the statement, not from when a wait for a key ended.
 *
 * Touches a row for each branch of those that it inserts; the others are there already or their key is held: see
 * `begin-conflicts`.
 */
const TEXT = `
with begun as (
  insert into tcc_transaction
    (xid, service, name, key, fingerprint, status, phase_order, baggage, created_at, deadline, due_at)
  select xid, service, name, key, fingerprint, 'trying', phase_order, baggage, statement_timestamp(),
    statement_timestamp() + remaining_ms * interval '1 millisecond',
    statement_timestamp() + remaining_ms * interval '1 millisecond'
  from (
    select unnest($1::uuid[]) as xid, unnest($2::text[]) as service, unnest($3::text[]) as name,
      unnest($4::text[]) as key, unnest($5::text[]) as fingerprint, unnest($6::text[]) as phase_order,
      unnest($7::text[]) as baggage, unnest($8::float8[]) as remaining_ms
  ) i
  order by service, name, key, xid
  on conflict do nothing
  returning xid
)
insert into tcc_branch (xid, seq, participant, method, kind, args, time_limit_ms)
select b.xid, b.seq, b.participant, b.method, b.kind, b.args, b.time_limit_ms
from (${branchesFrom(9)}) b join begun on begun.xid = b.xid`;

/** @throws LedgerFailure `rejected` when a payload cannot be stored */
export function begin(writes: readonly BeginWrite[]): WriteStatement {
  const now = monotonicNow();
  return {
    name: 'tcc-begin-2',
    text: TEXT,
    rows: branchCount(writes),
    values: [
      writes.map(({ xid }) => xid),
      writes.map(({ service }) => storableKey(service)),
      writes.map(({ name }) => storableKey(name)),
      writes.map(({ key }) => (key === undefined ? null : storableKey(key))),
      writes.map(({ fingerprint, xid }) =>
        fingerprint === undefined ? null : payload(fingerprint, 'the fingerprint', xid),
      ),
      writes.map(({ order }) => order),
      writes.map(({ baggage }) => JSON.stringify(baggage)),
      writes.map(({ deadline }) => deadline - now),
      ...branchColumns(writes),
    ],
  };
}
