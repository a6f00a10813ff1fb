import type { TransactionStatus } from '../../../core/status.js';
import { storableKey } from '../../../core/idempotency-key.js';
import type { BeginWrite } from '../../ledger.types.js';
import type { Statement } from './statement.js';

/** Why a begin inserted nothing. All null: whoever held the key has freed it meanwhile. */
export interface BeginConflictRow {
  readonly xid: string;
  /** Of the row with this very xid: an earlier sending of the same begin. */
  readonly own_status: TransactionStatus | null;
  readonly holder: string | null;
  readonly status: TransactionStatus;
  readonly fingerprint: string | null;
  readonly result: string | null;
  readonly remaining_ms: number;
}

/**
 * What stood in the way of begins. A statement of its own, after the insert: the insert's snapshot is older than the
 * wait that ended with the holder's commit, so it could not see the holder.
 *
 * $1 xid, $2 service, $3 name, $4 key or null.
 */
const TEXT = `
select i.xid, own.status as own_status, holder.xid as holder, holder.status, holder.fingerprint, holder.result,
  (extract(epoch from holder.deadline - clock_timestamp()) * 1000)::float8 as remaining_ms
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as i (xid, service, name, key)
left join tcc_transaction own on own.xid = i.xid
left join tcc_transaction holder on holder.service = i.service and holder.name = i.name and holder.key = i.key
  and holder.key is not null and holder.status in ('trying', 'confirming', 'confirmed')`;

export const beginConflicts = (writes: readonly BeginWrite[]): Statement<BeginConflictRow> => ({
  name: 'tcc-begin-conflicts-1',
  text: TEXT,
  values: [
    writes.map(({ xid }) => xid),
    writes.map(({ service }) => storableKey(service)),
    writes.map(({ name }) => storableKey(name)),
    writes.map(({ key }) => (key === undefined ? null : storableKey(key))),
  ],
});
