import type { BranchKind, Phase } from '../status.js';

/** The only version of the wire format so far. Both sides name it in everything they send. */
export const WIRE_VERSION = 1;

/** One delivery of one phase of one branch to the application that has the participant. */
export interface PhaseCall {
  /** Service that it is meant for. */
  readonly audience: string;
  readonly xid: string;
  readonly seq: number;
  readonly participant: string;
  readonly method: string;
  readonly phase: Phase;
  /** As the caller knows it: a message is registered there and never tried. */
  readonly kind: Exclude<BranchKind, 'saga'>;
  /** Arguments of the try, encoded by the codec that both sides use. */
  readonly args: string;
  /** What the try returned, encoded; confirm only. */
  readonly result?: string;
  /** From the moment of signing to the deadline, in milliseconds; negative once it has passed. */
  readonly remainingMs: number;
  /** How long the caller listens for the answer, in milliseconds. */
  readonly patienceMs: number;
  /** Cancel only: the try is known to have ended. False: it may still be under way. */
  readonly answered: boolean;
  readonly baggage: Readonly<Record<string, string>>;
  /** W3C trace context and baggage, as a propagator wrote it. */
  readonly trace: Readonly<Record<string, string>>;
}

/** What a body turned out to be. */
export type ReadCall =
  | { readonly is: 'call'; readonly call: PhaseCall }
  | { readonly is: 'other version'; readonly version: number }
  | { readonly is: 'malformed' };

export const writeCall = (call: PhaseCall): string => JSON.stringify({ v: WIRE_VERSION, ...call });

/** Takes over what is known, field by field: whatever else the body holds goes nowhere. */
export function readCall(body: string): ReadCall {
  const fields = parseObject(body);
  if (!fields) return { is: 'malformed' };
  const { v } = fields;
  if (typeof v === 'number' && v !== WIRE_VERSION) return { is: 'other version', version: v };
  const { audience, xid, seq, participant, method, phase, kind, args, result, remainingMs, patienceMs, answered } =
    fields;
  const baggage = textRecord(fields['baggage']);
  const trace = textRecord(fields['trace']);
  const fits =
    v === WIRE_VERSION &&
    isText(audience) &&
    isText(xid) &&
    UUID.test(xid) &&
    isSeq(seq) &&
    isText(participant) &&
    isText(method) &&
    isPhase(phase) &&
    // a message has no try: its body would run before anything is decided
    (kind === 'tcc' || (kind === 'message' && phase !== 'try')) &&
    typeof args === 'string' &&
    (result === undefined || typeof result === 'string') &&
    isMilliseconds(remainingMs) &&
    isMilliseconds(patienceMs) &&
    typeof answered === 'boolean' &&
    baggage !== undefined &&
    trace !== undefined;
  if (!fits) return { is: 'malformed' };
  const given = result === undefined ? {} : { result };
  return {
    is: 'call',
    call: {
      audience,
      xid,
      seq,
      participant,
      method,
      phase,
      kind,
      args,
      remainingMs,
      patienceMs,
      answered,
      baggage,
      trace,
      ...given,
    },
  };
}

/** undefined when the text is no JSON object. */
export function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const LONGEST_NAME = 200;

const isText = (value: unknown): value is string =>
  typeof value === 'string' && value.length > 0 && value.length <= LONGEST_NAME;

const isSeq = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 31;

export const isPhase = (value: unknown): value is Phase => value === 'try' || value === 'confirm' || value === 'cancel';

const isMilliseconds = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value);

function textRecord(value: unknown): Record<string, string> | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  const entries = Object.entries(value);
  // as an own property it would be harmless here, and become a prototype wherever somebody assigns it
  if (entries.some(([key, each]) => typeof each !== 'string' || key === '__proto__')) return undefined;
  return Object.fromEntries(entries);
}
