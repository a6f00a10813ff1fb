import {
  ALERT_AFTER_MS,
  ALERT_ATTEMPT,
  postponePause,
  retryPause,
  UNREACHABLE_PARK_AFTER_MS,
  type RetryPolicy,
} from '../core/backoff.js';
import { codeOfError, describeError } from '../core/describe-error.js';
import type { BranchRecord, BranchSetback } from '../ledger/ledger.types.js';
import { classifyFailure } from './classify-failure.js';

/** A confirm or cancel that did not succeed. */
export interface FailedCall {
  readonly branch: BranchRecord;
  readonly phase: 'confirm' | 'cancel';
  readonly error: unknown;
  readonly durationMs: number;
  /** Since the decision, in milliseconds. */
  readonly unsettledMs: number;
}

/** What becomes of a branch whose call did not succeed: when it is tried again, or that it is parked; who is told. */
export function judgeSetback(
  call: FailedCall,
  policy: RetryPolicy,
): { setback: BranchSetback; tell: 'parked' | 'alert' | undefined } {
  const { branch, error, unsettledMs } = call;
  const { seq, attempts, postponements } = branch;
  const failure = classifyFailure(error);
  const attempt = {
    phase: call.phase,
    durationMs: call.durationMs,
    errorCode: codeOfError(error),
    errorMessage: describeError(error),
  };
  const overdue = unsettledMs >= ALERT_AFTER_MS && !branch.alerted;
  const base = { seq, alerted: branch.alerted || overdue };
  const tell = overdue ? 'alert' : undefined;

  const unanswered = failure.kind === 'unreachable' || (failure.kind === 'failed' && failure.unanswered);
  if (failure.kind === 'park' || (unanswered && unsettledMs >= UNREACHABLE_PARK_AFTER_MS)) {
    const parkedBecause = `${attempt.errorCode}: ${attempt.errorMessage}`;
    return {
      setback: { ...base, attempts: attempts + 1, postponements, dueInMs: undefined, parkedBecause, attempt },
      tell: 'parked',
    };
  }
  if (failure.kind === 'failed') {
    const failed = attempts + 1;
    const dueInMs = Math.max(retryPause(policy, failed), failure.afterMs ?? 0);
    const setback = { ...base, attempts: failed, postponements: 0, dueInMs, attempt };
    return failed >= ALERT_ATTEMPT ? { setback: { ...setback, alerted: true }, tell: 'alert' } : { setback, tell };
  }
  const times = postponements + 1;
  const dueInMs = (failure.kind === 'not-yet' ? failure.afterMs : undefined) ?? postponePause(policy, times);
  return { setback: { ...base, attempts, postponements: times, dueInMs }, tell };
}
