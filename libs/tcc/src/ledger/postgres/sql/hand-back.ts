import { uuidv7 } from 'uuidv7';
import { LONGEST_LABEL_BYTES, LONGEST_MESSAGE_BYTES, showable } from '../../../core/text.js';
import type { HandBackWrite, Lease } from '../../ledger.types.js';
import type { Statement } from './statement.js';

/**
 * Locks the transaction whose drive ends. $1 xid. A statement of its own, before `handBack`: what is due next is read
 * from the branches, and a snapshot older than the lock could miss what an operator changed in them.
 */
export const lockForHandBack = ({ xid }: Lease): Statement<unknown> => ({
  name: 'tcc-hand-back-lock-1',
  text: 'select xid from tcc_transaction where xid = $1::uuid for no key update',
  values: [xid],
});

/**
 * Ends a drive: marks what settled, records what did not, gives the lease back, and closes the transaction when nothing
 * is left. Writes nothing when the lease is lost.
 *
 * $1 xid, $2 owner, $3 epoch, $4 seqs that settled; branches that did not: $5 seq, $6 attempts, $7 postponements,
 * $8 alerted, $9 due in milliseconds or null to park, $10 why parked or null; failed attempts: $11 id, $12 seq,
 * $13 phase, $14 milliseconds it took, $15 code, $16 message; $17 instance, $18 whether the drive goes on: then the
 * transaction itself is left as it is.
 *
 * @returns a row when the lease stood
 */
const TEXT = `
with driven as materialized (
  select xid, clock_timestamp() as at from tcc_transaction
  where xid = $1::uuid and owner = $2 and epoch = $3 and lease_until is not null and status in ('confirming', 'cancelling')
), setback as materialized (
  select s.*, d.xid, d.at, d.at + s.due_in_ms * interval '1 millisecond' as due_at
  from driven d, unnest($5::int[], $6::int[], $7::int[], $8::boolean[], $9::float8[], $10::text[])
    as s (seq, attempts, postponements, alerted, due_in_ms, parked_because)
), settled as (
  update tcc_branch b set settled_at = d.at, parked_at = null, due_at = null
  from driven d where b.xid = d.xid and b.seq = any($4::int[]) and b.settled_at is null
), set_back as (
  update tcc_branch b
  set attempts = s.attempts, postponements = s.postponements, alerted = s.alerted, due_at = s.due_at,
    parked_at = case when s.due_at is null then s.at end, parked_because = s.parked_because
  from setback s where b.xid = s.xid and b.seq = s.seq and b.settled_at is null and not (b.seq = any($4::int[]))
), attempted as (
  insert into tcc_attempt (id, xid, seq, phase, at, duration_ms, error_code, error_message, instance)
  select a.id, d.xid, a.seq, a.phase, d.at, a.duration_ms, a.error_code, a.error_message, $17
  from driven d, unnest($11::uuid[], $12::int[], $13::text[], $14::float8[], $15::text[], $16::text[])
    as a (id, seq, phase, duration_ms, error_code, error_message)
), remaining as materialized (
  select count(*) as unsettled,
    min(case
      when s.seq is not null then s.due_at
      when b.parked_at is null then coalesce(b.due_at, d.at)
    end) as due_at
  from driven d join tcc_branch b on b.xid = d.xid left join setback s on s.seq = b.seq
  where b.settled_at is null and not (b.seq = any($4::int[]))
), handed_back as (
  update tcc_transaction t
  set lease_until = null, due_at = r.due_at,
    status = case when r.unsettled > 0 then t.status when t.status = 'confirming' then 'confirmed' else 'cancelled' end,
    settled_at = case when r.unsettled = 0 then d.at end
  from driven d, remaining r where t.xid = d.xid and not $18::boolean
)
select xid from driven`;

export function handBack(write: HandBackWrite): Statement<{ xid: string }> {
  const { setbacks } = write;
  const failed = setbacks.flatMap(({ seq, attempt }) => (attempt === undefined ? [] : [{ seq, attempt }]));
  return {
    name: 'tcc-hand-back-2',
    text: TEXT,
    values: [
      write.xid,
      write.owner,
      write.epoch,
      write.settled,
      setbacks.map(({ seq }) => seq),
      setbacks.map(({ attempts }) => attempts),
      setbacks.map(({ postponements }) => postponements),
      setbacks.map(({ alerted }) => alerted),
      setbacks.map(({ dueInMs }) => dueInMs ?? null),
      setbacks.map(({ parkedBecause }) =>
        parkedBecause === undefined ? null : showable(parkedBecause, LONGEST_MESSAGE_BYTES),
      ),
      failed.map(() => uuidv7()),
      failed.map(({ seq }) => seq),
      failed.map(({ attempt }) => attempt.phase),
      failed.map(({ attempt }) => attempt.durationMs),
      failed.map(({ attempt }) => showable(attempt.errorCode, LONGEST_LABEL_BYTES)),
      failed.map(({ attempt }) => showable(attempt.errorMessage, LONGEST_MESSAGE_BYTES)),
      showable(write.instance, LONGEST_LABEL_BYTES),
      write.keepsLease === true,
    ],
  };
}
