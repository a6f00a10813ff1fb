import type { TransactionStatus } from '../../../core/status.js';
import type { RegisterWrite } from '../../ledger.types.js';
import { branchColumns } from './branch-columns.js';
import type { Statement } from './statement.js';

/** One row per transaction that exists. */
export interface RegisterRow {
  readonly xid: string;
  /** Under the lock. */
  readonly status: TransactionStatus;
  readonly open: boolean;
}

/**
 * Inserts further branches of transactions that are still trying and before their deadline.
 *
 * $1 xid of the parents; $2.. the branches, see `branchColumns`.
 *
 * The share lock makes registration and decision take turns, and by xid alone, so that the row is judged only once it
 * is locked. Judged once: the clock moves on, and a second look could disagree with what was inserted.
 */
const TEXT = `
with parent as materialized (
  select xid, status, deadline from tcc_transaction where xid = any($1::uuid[]) order by xid for share
), judged as materialized (
  select xid, status, status = 'trying' and deadline > clock_timestamp() as open from parent
), branched as (
  insert into tcc_branch (xid, seq, participant, method, kind, args, time_limit_ms)
  select b.xid, b.seq, b.participant, b.method, b.kind, b.args, b.time_limit_ms
  from unnest($2::uuid[], $3::int[], $4::text[], $5::text[], $6::text[], $7::text[], $8::float8[])
    as b (xid, seq, participant, method, kind, args, time_limit_ms)
  join judged on judged.xid = b.xid
  where judged.open
  order by b.xid, b.seq
  on conflict (xid, seq) do nothing
)
select xid, status, open from judged`;

/** @throws LedgerFailure `rejected` when a payload cannot be stored */
export const register = (writes: readonly RegisterWrite[]): Statement<RegisterRow> => ({
  name: 'tcc-register-1',
  text: TEXT,
  values: [writes.map(({ xid }) => xid), ...branchColumns(writes)],
});
