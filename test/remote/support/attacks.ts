import type { SigningKey } from 'nestjs-tcc';
import type { PhaseCall } from '../../../libs/tcc/src/core/wire/phase-call.js';
import { sign } from '../../../libs/tcc/src/core/wire/signature.js';
import { KEYS } from './pair.js';
import { aCall, signedCall } from './raw-caller.js';

/** What an attacker sends, and the only thing that may come back. */
export interface Attack {
  readonly parcel: (service: string) => { body: string; signature?: string | undefined };
  /** HTTP's status. */
  readonly status: number;
  readonly answer: string;
  /** Somebody who knows the secret may call a method with what he likes: what it returns then cannot be stored. */
  readonly reachesTheMethod?: 1;
}

const WINDOW_MS = 60_000;
const STRANGER: SigningKey = { id: 'k1', secret: 'another secret of thirty-two characters' };
const UNKNOWN: SigningKey = { id: 'k2', secret: KEYS[0]!.secret };

const unauthorized = { status: 401, answer: 'unauthorized' };
const malformed = { status: 400, answer: 'malformed' };
const stale = { status: 401, answer: 'stale' };
const refused = { status: 409, answer: 'refused' };

/** A right signature, and then a body that says something else. */
const altered = (change: Partial<PhaseCall>): Attack => ({
  ...unauthorized,
  parcel: (service) => {
    const call = aCall(service);
    return { ...signedCall(call), body: signedCall({ ...call, ...change }).body };
  },
});

/** A body that is signed as it is. */
const signedBody = (write: (service: string) => string): Attack['parcel'] => {
  return (service) => {
    const body = write(service);
    return { body, signature: sign(KEYS[0]!, { audience: service, body }, Date.now()) };
  };
};

const signedAt = (offsetMs: number): Attack => ({
  ...stale,
  parcel: (service) => signedCall(aCall(service), { at: Date.now() + offsetMs }),
});

const withSignature = (change: (signature: string) => string | undefined): Attack => ({
  ...unauthorized,
  parcel: (service) => {
    const { body, signature } = signedCall(aCall(service));
    return { body, signature: change(signature) };
  },
});

const DEEP = '['.repeat(100_000) + ']'.repeat(100_000);
const withField = (name: string, json: string) => (service: string) => {
  const body = JSON.stringify({ v: 1, ...aCall(service), [name]: null });
  return body.replace(`${JSON.stringify(name)}:null`, `${JSON.stringify(name)}:${json}`);
};

export const ATTACKS: Readonly<Record<string, Attack>> = {
  unsigned: withSignature(() => undefined),
  'an empty signature': withSignature(() => ''),
  'a signature of another format': withSignature((signature) => signature.replace('v1;', 'v2;')),
  'a signature without its MAC': withSignature((signature) => signature.replace(/mac=.*/, 'mac=')),
  'a MAC of zeros': withSignature((signature) => signature.replace(/mac=.*/, `mac=${'A'.repeat(43)}`)),
  'a MAC that is longer': withSignature((signature) => `${signature}A`),
  'a second MAC': withSignature((signature) => `${signature};mac=${'A'.repeat(43)}`),
  'another time of signing': withSignature((signature) => signature.replace(/at=\d+/, `at=${Date.now() - 1_000}`)),
  'a blank behind the signature': withSignature((signature) => `${signature} ,${signature}`),
  'altered arguments': altered({ args: '["that"]' }),
  'altered xid': altered({ xid: '018f0000-0000-7000-8000-000000000000' }),
  'altered seq': altered({ seq: 2 }),
  'altered phase': altered({ phase: 'confirm' }),
  'altered participant': altered({ participant: 'courier' }),
  'altered method': altered({ method: 'reserve' }),
  'altered deadline': altered({ remainingMs: 3_600_000 }),
  'altered baggage': altered({ baggage: { tenant: 'another' } }),
  'altered "answered"': altered({ answered: true }),
  'altered version': {
    ...unauthorized,
    parcel: (service) => {
      const { body, signature } = signedCall(aCall(service));
      return { signature, body: body.replace('"v":1', '"v":2') };
    },
  },
  'signed for another service': {
    ...unauthorized,
    parcel: (service) => signedCall(aCall(service), { audience: 'payment' }),
  },
  'made for another service, signed for this one': {
    ...unauthorized,
    parcel: (service) => signedCall(aCall('payment'), { audience: service }),
  },
  'a wrong secret': { ...unauthorized, parcel: (service) => signedCall(aCall(service), { key: STRANGER }) },
  'an unknown key': { ...unauthorized, parcel: (service) => signedCall(aCall(service), { key: UNKNOWN }) },
  'expired, before the window': signedAt(-WINDOW_MS - 5_000),
  'signed in the future': signedAt(WINDOW_MS + 5_000),
  'oversized, unsigned': {
    status: 413,
    answer: 'too large',
    parcel: () => ({ body: 'x'.repeat(2_000_000) }),
  },
  'oversized, signed': {
    status: 413,
    answer: 'too large',
    parcel: (service) => signedCall(aCall(service, { args: `["${'x'.repeat(2_000_000)}"]` })),
  },
  'no JSON, signed': { ...malformed, parcel: signedBody(() => 'try stock.keep') },
  'a list, signed': { ...malformed, parcel: signedBody(() => '[]') },
  'deeply nested, unsigned': { ...unauthorized, parcel: () => ({ body: DEEP }) },
  'deeply nested, signed': { ...malformed, parcel: signedBody(withField('baggage', DEEP)) },
  'deeply nested arguments, signed': {
    ...refused,
    reachesTheMethod: 1,
    parcel: (service) => signedCall(aCall(service, { args: DEEP })),
  },
  'no version, signed': { ...malformed, parcel: signedBody((service) => JSON.stringify(aCall(service))) },
  'another version, signed': {
    status: 501,
    answer: 'other version',
    parcel: signedBody((service) => JSON.stringify({ v: 2, ...aCall(service) })),
  },
  '__proto__ beside the fields, signed for "stock.keep" of nobody': {
    status: 404,
    answer: 'unknown participant',
    parcel: signedBody((service) =>
      JSON.stringify({ v: 1, ...aCall(service, { method: 'constructor' }) }).replace(
        '{',
        '{"__proto__":{"polluted":true},',
      ),
    ),
  },
  '__proto__ in the baggage, signed': {
    ...malformed,
    parcel: signedBody(withField('baggage', '{"__proto__":"polluted"}')),
  },
  '__proto__ in the arguments, signed': {
    ...refused,
    parcel: (service) => signedCall(aCall(service, { args: '[{"__proto__":{"polluted":true}}]' })),
  },
  'a line feed in names, signed': {
    status: 404,
    answer: 'unknown participant',
    parcel: (service) => signedCall(aCall(service, { participant: 'stock\r\nset-cookie: a=b' })),
  },
  'the try of a message, signed': {
    ...malformed,
    parcel: (service) => signedCall(aCall(service, { method: 'note', kind: 'message' })),
  },
  'a method of Object, signed': {
    status: 404,
    answer: 'unknown participant',
    parcel: (service) => signedCall(aCall(service, { participant: 'constructor', method: 'toString' })),
  },
  'no deadline, signed': { ...malformed, parcel: signedBody(withField('remainingMs', '1e999')) },
  'a deadline that has passed, signed': {
    ...stale,
    parcel: (service) => signedCall(aCall(service, { remainingMs: -1 })),
  },
};
