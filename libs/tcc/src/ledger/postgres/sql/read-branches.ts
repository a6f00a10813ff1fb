import type { BranchKind } from '../../../core/status.js';
import type { Statement } from './statement.js';

export interface BranchRow {
  readonly xid: string;
  readonly seq: number;
  readonly participant: string;
  readonly method: string;
  readonly kind: BranchKind;
  readonly args: string;
  readonly time_limit_ms: number | null;
  readonly settled: boolean;
  readonly parked: boolean;
  readonly attempts: number;
  readonly postponements: number;
  readonly alerted: boolean;
  /** 0 when it has no due time of its own. */
  readonly due_in_ms: number;
}

/** The branches of transactions, by xid and seq. $1 xid. */
const TEXT = `
select xid, seq, participant, method, kind, args, time_limit_ms, settled_at is not null as settled,
  parked_at is not null as parked, attempts, postponements, alerted,
  coalesce(date_part('epoch', due_at - clock_timestamp()) * 1000, 0) as due_in_ms
from tcc_branch where xid = any($1::uuid[]) order by xid, seq`;

export const readBranches = (xids: readonly string[]): Statement<BranchRow> => ({
  name: 'tcc-read-branches-2',
  text: TEXT,
  values: [xids],
});
