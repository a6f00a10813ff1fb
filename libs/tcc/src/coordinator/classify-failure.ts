import { isTccError } from '../errors/tcc.error.js';
import { CallTimeoutError } from './time-limit.js';
import type { CircuitOpenError } from '../errors/circuit-open.error.js';
import type { ParticipantRefusedError } from '../errors/participant-refused.error.js';
import type { ParticipantUnreachableError } from '../errors/participant-unreachable.error.js';
import type { RetryLaterError } from '../errors/retry-later.error.js';
import type { TransactionInProgressError } from '../errors/transaction-in-progress.error.js';

/** What a confirm or cancel that did not succeed asks for. */
export type Failure =
  /** Counts as an attempt, retried with growing pauses: for ever, or for a day when nobody answers. */
  | { readonly kind: 'failed'; readonly unanswered: boolean; readonly afterMs?: number | undefined }
  /** Counts as none; `afterMs` undefined: growing pauses. */
  | { readonly kind: 'not-yet'; readonly afterMs: number | undefined }
  /** Its participant cannot be reached from here: counts as none, retried for a day. */
  | { readonly kind: 'unreachable' }
  /** Will never succeed. */
  | { readonly kind: 'park' };

const FAILED: Failure = { kind: 'failed', unanswered: false };

/** By code, not by class: a participant may use another copy of the library. */
export function classifyFailure(error: unknown): Failure {
  try {
    return classify(error);
  } catch {
    // a revoked proxy, a getter that throws: the drive must go on, with it all other branches
    return FAILED;
  }
}

function classify(error: unknown): Failure {
  if (error instanceof CallTimeoutError) return { kind: 'failed', unanswered: true };
  if (!isTccError(error)) return FAILED;
  switch (error.code) {
    case 'TCC_BARRIER_REFUSED':
    case 'TCC_UNRECOVERABLE':
      return { kind: 'park' };
    case 'TCC_PARTICIPANT_REFUSED':
      // a message may run a global transaction of its own, in which a try was refused: next time it may not be
      return (error as ParticipantRefusedError).phase === 'try' ? FAILED : { kind: 'park' };
    case 'TCC_PAYLOAD':
      return (error as { direction?: string }).direction === 'read' ? { kind: 'park' } : FAILED;
    case 'TCC_RETRY_LATER':
      return { kind: 'not-yet', afterMs: sane((error as RetryLaterError).afterMs) };
    case 'TCC_IN_PROGRESS':
      return { kind: 'not-yet', afterMs: sane((error as TransactionInProgressError).retryAfterMs) };
    case 'TCC_CIRCUIT_OPEN':
      return { kind: 'not-yet', afterMs: sane((error as CircuitOpenError).afterMs) };
    case 'TCC_PARTICIPANT_UNREACHABLE':
      return { kind: 'failed', unanswered: true, afterMs: sane((error as ParticipantUnreachableError).afterMs) };
    case 'TCC_BARRIER_BUSY':
      return { kind: 'not-yet', afterMs: undefined };
    case 'TCC_UNKNOWN_PARTICIPANT':
      return { kind: 'unreachable' };
    default:
      return FAILED;
  }
}

/** A day: what a participant says may not put a branch off for ever. */
const LONGEST_MS = 24 * 3_600_000;

const sane = (ms: unknown): number | undefined =>
  typeof ms !== 'number' || !(ms >= 0) ? undefined : Math.min(ms, LONGEST_MS);
