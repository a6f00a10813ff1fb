import type { BranchKind } from '../../../core/status.js';
import { storableKey } from '../../../core/idempotency-key.js';
import type { ClaimRequest } from '../../ledger.types.js';
import { LEASE_END } from './claim.js';
import type { Statement } from './statement.js';

/**
 * What hardly any branch has is null where a branch has none of it: of hundreds that a claim reads, each value takes
 * longer to send and to read than to look up.
 */
export interface BranchRow {
  readonly xid: string;
  readonly seq: number;
  readonly participant: string;
  readonly method: string;
  readonly kind: BranchKind;
  readonly args: string;
  readonly time_limit_ms: number | null;
  readonly settled: true | null;
  readonly parked: true | null;
  readonly attempts: number | null;
  readonly postponements: number | null;
  readonly alerted: true | null;
  readonly due_in_ms: number | null;
}

const COLUMNS = `
select xid, seq, participant, method, kind, args, time_limit_ms, nullif(settled_at is not null, false) as settled,
  nullif(parked_at is not null, false) as parked, nullif(attempts, 0) as attempts,
  nullif(postponements, 0) as postponements, nullif(alerted, false) as alerted,
  date_part('epoch', due_at - clock_timestamp()) * 1000 as due_in_ms
from tcc_branch`;

/** The branches of one transaction, by seq. $1 xid. */
export const readBranches = (xid: string): Statement<BranchRow> => ({
  name: 'tcc-read-branches-3',
  text: `${COLUMNS} where xid = $1::uuid order by seq`,
  values: [xid],
});

/**
 * The branches of what the claim before it in the same transaction has taken, by xid and seq: a statement of its own,
 * since one that was registered while the claim was at work is not in its snapshot. They are found by when their lease
 * ends. $1 service, $2 owner, $3 length of the lease in milliseconds.
 */
const CLAIMED = `${COLUMNS} where xid = any(array(
  select xid from tcc_transaction where service = $1 and due_at = ${LEASE_END} and owner = $2
)) order by xid, seq`;

export const readClaimed = (request: ClaimRequest): Statement<BranchRow> => ({
  name: 'tcc-read-claimed-1',
  text: CLAIMED,
  values: [storableKey(request.service), request.owner, request.leaseMs],
});
