import { isCancelled, isConfirmed } from '../../core/status.js';
import type {
  BeginAnswer,
  DecideAnswer,
  DecideWrite,
  RegisterAnswer,
  RegisterWrite,
  SettleAnswer,
  SettleWrite,
} from '../ledger.types.js';
import type { BeginConflictRow } from './sql/begin-conflicts.js';
import type { StandingRow } from './sql/standing.js';

// What to answer to a write that may not have taken effect, from how its transaction stands right after. One that did
// finds itself there, as one does that is sent a second time. One that stands as if it could have taken effect was kept
// from it by a lock that is gone, and is to be sent again.

const DONE = { answer: 'done' } as const;
const REFUSED = { answer: 'refused' } as const;
const SKIPPED = { answer: 'skipped' } as const;

export function beginAnswer(row: BeginConflictRow | undefined): BeginAnswer {
  if (row?.own_status) return { answer: 'done', status: row.own_status };
  if (!row?.holder) return SKIPPED;
  return {
    answer: 'refused',
    holder: {
      xid: row.holder,
      status: row.status,
      fingerprint: row.fingerprint ?? undefined,
      result: row.result ?? undefined,
      remainingMs: Number(row.remaining_ms),
    },
  };
}

export function registerAnswer({ branches }: RegisterWrite, row: StandingRow | undefined): RegisterAnswer {
  if (row?.status !== 'trying' || !row.in_time) return { answer: 'refused', status: row?.status };
  const recorded = numbers(row.seqs);
  return branches.every(({ seq }) => recorded.includes(seq)) ? DONE : SKIPPED;
}

export function decideAnswer({ to, owner }: DecideWrite, row: StandingRow | undefined): DecideAnswer {
  if (row === undefined) return { answer: 'refused', status: undefined };
  const { status } = row;
  if (status === 'trying') return to === 'cancelling' || row.in_time ? SKIPPED : { answer: 'refused', status };
  const asAsked = to === 'confirming' ? isConfirmed(status) : isCancelled(status);
  if (!asAsked) return { answer: 'refused', status };
  const isOwn = row.owner === owner && Number(row.epoch) === 1 && row.has_outcomes;
  return { answer: 'done', status, leased: isOwn && row.leased };
}

export function settleAnswer({ owner, epoch, seqs }: SettleWrite, row: StandingRow | undefined): SettleAnswer {
  if (row?.owner !== owner || Number(row.epoch) !== epoch) return REFUSED;
  if (row.status === 'confirmed' || row.status === 'cancelled') return DONE;
  return row.leased && numbers(row.open_seqs).every((seq) => seqs.includes(seq)) ? SKIPPED : REFUSED;
}

// Of a text, and Number() above: an application may have told pg to hand out numbers as something else.
const numbers = (list: string | null): number[] => (list === null ? [] : list.split(',').map(Number));
