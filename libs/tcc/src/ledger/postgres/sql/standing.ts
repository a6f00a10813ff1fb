import type { TransactionStatus } from '../../../core/status.js';
import type { Statement } from './statement.js';

/** How a transaction stands, for writes that may have found it otherwise than they expect. */
export interface StandingRow {
  readonly xid: string;
  readonly status: TransactionStatus;
  /** Before its deadline. */
  readonly in_time: boolean;
  readonly owner: string | null;
  readonly epoch: number;
  readonly leased: boolean;
  /** Decided by a `DecideWrite`: recovery's own decision stores no outcomes. */
  readonly has_outcomes: boolean;
  /** Of its branches, with commas; null: it has none. */
  readonly seqs: string | null;
  /** Of those that are not settled. */
  readonly open_seqs: string | null;
}

/** One row per transaction that exists. $1 xid. */
const TEXT = `
select xid, status, deadline > clock_timestamp() as in_time, owner, epoch, lease_until is not null as leased,
  outcomes is not null as has_outcomes,
  (select string_agg(seq::text, ',') from tcc_branch b where b.xid = t.xid) as seqs,
  (select string_agg(seq::text, ',') from tcc_branch b where b.xid = t.xid and settled_at is null) as open_seqs
from tcc_transaction t where xid = any($1::uuid[])`;

export const standing = (xids: readonly string[]): Statement<StandingRow> => ({
  name: 'tcc-standing-1',
  text: TEXT,
  values: [xids],
});
