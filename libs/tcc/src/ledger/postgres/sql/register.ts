import type { RegisterWrite } from '../../ledger.types.js';
import { branchColumns, branchCount, branchesFrom } from './branch-columns.js';
import type { WriteStatement } from './statement.js';

/**
 * Inserts further branches of transactions that are still trying and before their deadline.
 *
 * $1 xid of the parents; $2.. the branches, see `branchColumns`.
 *
 * The share lock makes registration and decision take turns, and by xid alone, so that the row is judged only once it
 * is locked.
 *
 * Touches a row for each branch that it inserts.
 */
const TEXT = `
with parent as materialized (
  select xid, status, deadline from tcc_transaction where xid = any($1::uuid[]) order by xid for share
)
insert into tcc_branch (xid, seq, participant, method, kind, args, time_limit_ms)
select b.xid, b.seq, b.participant, b.method, b.kind, b.args, b.time_limit_ms
from (${branchesFrom(2)}) b join parent p on p.xid = b.xid
where p.status = 'trying' and p.deadline > clock_timestamp()
order by b.xid, b.seq
on conflict (xid, seq) do nothing`;

/** @throws LedgerFailure `rejected` when a payload cannot be stored */
export const register = (writes: readonly RegisterWrite[]): WriteStatement => ({
  name: 'tcc-register-2',
  text: TEXT,
  rows: branchCount(writes),
  values: [writes.map(({ xid }) => xid), ...branchColumns(writes)],
});
