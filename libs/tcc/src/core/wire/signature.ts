import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/**
 * A secret that both sides know, and the name by which a signature says which one it was made with.
 *
 * @publicApi
 */
export interface SigningKey {
  /** Travels with each call; letters, digits, `.`, `_` and `-`. */
  readonly id: string;
  /** At least 32 characters. */
  readonly secret: string;
}

/** What is signed. The body holds xid, seq, participant, method, phase, time left and payload: its digest covers them all. */
export interface Signed {
  /** The service that it is meant for. */
  readonly audience: string;
  readonly body: string;
}

/** An answer, and the signature of the call that it answers. */
export interface SignedAnswer {
  readonly to: string;
  readonly body: string;
}

/** `key`: the one it was signed with. */
export type Verdict =
  { readonly is: 'valid' | 'stale'; readonly signedAt: number; readonly key: SigningKey } | { readonly is: 'invalid' };

const FORMAT = /^v1;key=([\w.-]{1,64});at=(\d{1,15});mac=([\w-]{43})$/;
const ANSWER_FORMAT = /^v1;mac=([\w-]{43})$/;

/** @param at milliseconds of the receiver's clock, as far as the sender knows it */
export function sign(key: SigningKey, signed: Signed, at: number): string {
  const time = Math.max(0, Math.round(at));
  return `v1;key=${key.id};at=${time};mac=${macOfCall(key, signed, time).toString('base64url')}`;
}

/**
 * HMAC-SHA256, compared in constant time. The time is judged last, so that only somebody who knows the secret learns
 * that a call was stale.
 *
 * @param keys any of these; two while a secret is being changed
 * @param windowMs how far the time of signing may be from `now`
 */
export function verify(
  keys: readonly SigningKey[],
  signature: string | undefined,
  signed: Signed,
  { now, windowMs }: { readonly now: number; readonly windowMs: number },
): Verdict {
  const [, id, time, mac] = FORMAT.exec(signature ?? '') ?? [];
  const key = keys.find((each) => each.id === id);
  const signedAt = Number(time);
  if (!key || mac === undefined || !isSame(mac, macOfCall(key, signed, signedAt))) return { is: 'invalid' };
  return { is: Math.abs(now - signedAt) > windowMs ? 'stale' : 'valid', signedAt, key };
}

/**
 * An answer is believed as little as a call: somebody in between could say "done", or tell a time by which the next call
 * is signed far ahead and can be replayed then. Bound to the one call that it answers.
 */
export const signAnswer = (key: SigningKey, answer: SignedAnswer): string =>
  `v1;mac=${macOfAnswer(key, answer).toString('base64url')}`;

/** Whether it was made by somebody who knows the secret, for this call. */
export function isAnswerSigned(key: SigningKey, signature: string | undefined, answer: SignedAnswer): boolean {
  const [, mac] = ANSWER_FORMAT.exec(signature ?? '') ?? [];
  return mac !== undefined && isSame(mac, macOfAnswer(key, answer));
}

function isSame(mac: string, expected: Buffer): boolean {
  const given = Buffer.from(mac, 'base64url');
  return given.length === expected.length && timingSafeEqual(given, expected);
}

// No field can hold a line feed but the audience, which is JSON here, and the first one tells the two kinds apart: two
// different things never make one text.
const macOfCall = (key: SigningKey, { audience, body }: Signed, at: number): Buffer =>
  macOf(key, ['v1', key.id, JSON.stringify(audience), String(at), digestOf(body)]);

const macOfAnswer = (key: SigningKey, { to, body }: SignedAnswer): Buffer =>
  macOf(key, ['v1 answer', key.id, to, digestOf(body)]);

const macOf = ({ secret }: SigningKey, lines: readonly string[]): Buffer =>
  createHmac('sha256', secret).update(lines.join('\n')).digest();

const digestOf = (body: string): string => createHash('sha256').update(body).digest('base64url');
