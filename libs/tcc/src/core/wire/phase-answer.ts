import type { PhaseCall } from './phase-call.js';
import { isPhase, parseObject, WIRE_VERSION } from './phase-call.js';
import { readWireError, type WireError } from './wire-error.js';

/** What the application that has the participant says to a {@link PhaseCall}. */
export type PhaseAnswer =
  /** Now or before. `result`: what the try returned, encoded. */
  | { readonly answer: 'done'; readonly result?: string }
  /** For good. `over`: the try has ended and has no effect that is still under way. */
  | { readonly answer: 'refused'; readonly error: WireError; readonly over: boolean }
  /** A confirm or cancel that may succeed next time. */
  | { readonly answer: 'failed'; readonly error: WireError }
  | { readonly answer: 'not yet'; readonly afterMs?: number; readonly error: WireError }
  /** It has no such participant or method; `known`: those that it has. */
  | { readonly answer: 'unknown participant'; readonly known: readonly string[] };

/** What it says of a call that it does not trust or understand: such an answer echoes nothing. */
export type CallRefusal =
  | { readonly answer: 'unauthorized' }
  /** `now`: milliseconds of the receiver's clock, to sign anew with. */
  | { readonly answer: 'stale'; readonly now: number }
  | { readonly answer: 'malformed' }
  | { readonly answer: 'too large' }
  | { readonly answer: 'other version'; readonly supported: readonly number[] };

/** Which call it answers, and the receiver's clock in milliseconds, by which the next call is signed. */
type Echo = Pick<PhaseCall, 'xid' | 'seq' | 'phase'>;

export const writeAnswer = ({ xid, seq, phase }: Echo, answer: PhaseAnswer, now: number): string =>
  JSON.stringify({ v: WIRE_VERSION, xid, seq, phase, now, ...answer });

export const writeRefusal = (refusal: CallRefusal): string => JSON.stringify({ v: WIRE_VERSION, ...refusal });

/** What an answer turned out to be; `undefined`: nothing that the framework wrote about this call. */
export type ReadAnswer =
  | { readonly about: 'call'; readonly answer: PhaseAnswer; readonly now: number }
  | { readonly about: 'refusal'; readonly refusal: CallRefusal }
  | undefined;

/**
 * An answer counts only as a well-formed one that echoes xid, seq and phase: an `index.html` with 200, an ingress's 404
 * during a deploy or the answer to another call say nothing about this one.
 */
export function readAnswer(text: string, call: Echo): ReadAnswer {
  const fields = parseObject(text);
  if (!fields) return undefined;
  const refusal = refusalIn(fields);
  if (refusal) return { about: 'refusal', refusal };
  const { v, xid, seq, phase, now } = fields;
  const echoes = v === WIRE_VERSION && xid === call.xid && seq === call.seq && isPhase(phase) && phase === call.phase;
  if (!echoes || typeof now !== 'number') return undefined;
  const answer = answerIn(fields);
  return answer && { about: 'call', answer, now };
}

function refusalIn({ answer, now, supported, xid }: Record<string, unknown>): CallRefusal | undefined {
  if (xid !== undefined) return undefined;
  switch (answer) {
    case 'unauthorized':
    case 'malformed':
    case 'too large':
      return { answer };
    case 'stale':
      return typeof now === 'number' && Number.isFinite(now) ? { answer, now } : undefined;
    case 'other version':
      return Array.isArray(supported) ? { answer, supported: supported.map(Number) } : undefined;
    default:
      return undefined;
  }
}

function answerIn(fields: Record<string, unknown>): PhaseAnswer | undefined {
  const { answer, result, over, afterMs, known } = fields;
  const error = readWireError(fields['error']);
  switch (answer) {
    case 'done':
      if (result !== undefined && typeof result !== 'string') return undefined;
      return { answer, ...(result === undefined ? {} : { result }) };
    case 'refused':
      return error && typeof over === 'boolean' ? { answer, error, over } : undefined;
    case 'failed':
      return error && { answer, error };
    case 'not yet':
      if (!error || (afterMs !== undefined && typeof afterMs !== 'number')) return undefined;
      return { answer, error, ...(afterMs === undefined ? {} : { afterMs }) };
    case 'unknown participant':
      return Array.isArray(known) ? { answer, known: known.map(String) } : undefined;
    default:
      return undefined;
  }
}
