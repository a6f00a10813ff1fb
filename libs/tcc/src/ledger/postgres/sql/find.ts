import type { TransactionStatus } from '../../../core/status.js';
import type { Statement } from './statement.js';

export interface FindRow {
  readonly xid: string;
  readonly name: string;
  readonly status: TransactionStatus;
  readonly parked: number;
}

/**
 * One transaction and how many of its branches wait for an operator. $1 xid.
 *
 * Of one that has settled none does: a settlement leaves the rows of its branches as they are.
 */
const TEXT = `
select t.xid, t.name, t.status,
  (select count(*) from tcc_branch b
    where b.xid = t.xid and t.settled_at is null and b.parked_at is not null and b.settled_at is null)::int as parked
from tcc_transaction t where t.xid = $1::uuid`;

export const find = (xid: string): Statement<FindRow> => ({ name: 'tcc-find-2', text: TEXT, values: [xid] });
