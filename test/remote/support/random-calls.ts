import fc from 'fast-check';
import type { PhaseCall } from '../../../libs/tcc/src/core/wire/phase-call.js';
import { sign } from '../../../libs/tcc/src/core/wire/signature.js';
import { KEYS } from './pair.js';
import { aCall, signedCall } from './raw-caller.js';

/** Something somebody sends. */
export interface RandomParcel {
  readonly body: string | Buffer;
  readonly signature: string | undefined;
}

const text = fc.string({ unit: 'binary', maxLength: 300 });
/** Fits in a header, with luck. */
const header = fc.string({ maxLength: 200 }).map((value) => value.replaceAll(/[^\t\x20-\x7e]/g, ''));
const anything = fc.jsonValue({ maxDepth: 3 });
const other = <T extends fc.JsonValue>(...right: readonly string[]): fc.Arbitrary<T> =>
  anything.filter(
    (value) => !right.includes(Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value),
  ) as fc.Arbitrary<T>;

/** For each field values that it never has. */
const WRONG: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  v: anything.filter((value) => value !== 1),
  audience: anything,
  xid: anything,
  seq: fc.oneof(other('number'), fc.constantFrom(0, -1, 1.5, 2 ** 31)),
  participant: anything,
  method: anything,
  phase: anything,
  kind: anything.filter((value) => value !== 'tcc'),
  args: other('string'),
  remainingMs: fc.oneof(other('number'), fc.double({ max: 0, noNaN: true, noDefaultInfinity: true })),
  patienceMs: other('number'),
  answered: other('boolean'),
  baggage: fc.oneof(other('object'), fc.constant({ tenant: 1 })),
  trace: fc.oneof(other('object'), fc.constant({ traceparent: null })),
};

/** A right call with one wrong field. */
const wrongField = (service: string): fc.Arbitrary<string> =>
  fc
    .oneof(...Object.entries(WRONG).map(([name, values]) => values.map((value): [string, unknown] => [name, value])))
    .map(([name, value]) => JSON.stringify({ v: 1, ...aCall(service), [name]: value }));

const signedBody =
  (service: string) =>
  (body: string): RandomParcel => ({
    body,
    signature: sign(KEYS[0]!, { audience: service, body }, Date.now()),
  });

/** Bytes, texts, JSON, calls with one thing wrong: unsigned, badly signed, well signed. None of them may take effect. */
export const randomParcel = (service: string): fc.Arbitrary<RandomParcel> => {
  const bodies = fc.oneof(
    text,
    anything.map((value) => JSON.stringify(value)),
    wrongField(service),
  );
  const rightCall: fc.Arbitrary<PhaseCall> = fc
    .constantFrom<PhaseCall['phase']>('try', 'confirm', 'cancel')
    .map((phase) => aCall(service, { phase }));
  return fc.oneof(
    fc.record({
      body: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)),
      signature: fc.option(header, { nil: undefined }),
    }),
    fc.record({ body: bodies, signature: fc.option(header, { nil: undefined }) }),
    fc.tuple(rightCall, header).map(([call, signature]) => ({ ...signedCall(call), signature })),
    fc
      .tuple(rightCall, fc.nat(), fc.constantFrom('a', 'B', '0', '_', ' ', ';'))
      .map(([call, at, char]) => {
        const { body, signature: right } = signedCall(call);
        const index = at % right.length;
        return { body, right, signature: right.slice(0, index) + char + right.slice(index + 1) };
      })
      // it may have been that character before; and the last one holds two bits that are not of the MAC
      .filter(({ right, signature }) => signature.slice(0, -1) !== right.slice(0, -1)),
    bodies.map(signedBody(service)),
    wrongField(service).map(signedBody(service)),
  );
};
