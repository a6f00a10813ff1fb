import { PayloadError } from '../../errors/payload.error.js';
import { defaultPayloadCodec } from './default-payload-codec.js';
import type { PayloadCodec } from './payload-codec.js';
import { Payloads } from './payloads.js';

const payloads = new Payloads(defaultPayloadCodec, 1_000);
const withCodec = (codec: Partial<PayloadCodec>): Payloads => new Payloads({ ...defaultPayloadCodec, ...codec }, 1_000);

function thrownBy(work: () => unknown): PayloadError {
  try {
    work();
  } catch (error) {
    if (error instanceof PayloadError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('Payloads', () => {
  it.each<[where: string, args: unknown[]]>([
    ['Argument 2 of stock.reserve (.lines[1].when)', [1, { lines: [{}, { when: new Date(Number.NaN) }] }]],
    ['Argument 1 of stock.reserve', [() => 0]],
    ['Argument 3 of stock.reserve (.value 0.when)', [1, 2, new Map([['a', { when: Symbol('x') }]])]],
    ['Argument 1 of stock.reserve ([0])', [[Promise.resolve()]]],
    [
      'Argument 1 of stock.reserve (.lines[0])',
      [{ lines: Array.from({ length: 300 }).reduce<unknown[]>((x) => [x], []) }],
    ],
  ])('names the culprit: %s', (where, args) => {
    expect(thrownBy(() => payloads.encodeArguments(args, 'stock.reserve'))).toMatchObject({
      where,
      direction: 'write',
    });
  });

  it('names what is wrong in a result', () => {
    expect(thrownBy(() => payloads.encodeResult({ a: [() => 0] }, 'stock.reserve')).where).toBe(
      'Result of stock.reserve (.a[0])',
    );
    expect(thrownBy(() => payloads.encodeResult(Symbol('x'), 'stock.reserve')).where).toBe('Result of stock.reserve');
  });

  it('measures in bytes of UTF-8, up to and with the limit', () => {
    const envelope = Buffer.byteLength(JSON.stringify(['']));
    const fits = '€'.repeat(Math.floor((1_000 - envelope) / 3)).padEnd(1_000 - envelope - 2 * 332, 'x');
    expect(Buffer.byteLength(payloads.encodeArguments([fits], 'x'))).toBe(1_000);
    const error = thrownBy(() => payloads.encodeArguments([`${fits}x`], 'x'));
    expect(error.problem).toMatch(/1001 .* 1000/);
    expect(thrownBy(() => payloads.encodeResult('x'.repeat(999), 'x')).direction).toBe('write');
  });

  it.each<[string, unknown]>([
    ['undefined', undefined],
    ['bytes', Buffer.from('x')],
    ['a promise', Promise.resolve('x')],
    ['a text that a column would refuse', 'a\u0000b'],
    ['a text that a column would change', '\ud800'],
  ])('refuses a codec that makes %s of a value', (_what, made) => {
    const codec = withCodec({ encode: () => made as string });
    expect(thrownBy(() => codec.encodeArguments([1], 'x')).direction).toBe('write');
    expect(thrownBy(() => codec.encodeResult(1, 'x')).direction).toBe('write');
  });

  it('takes a codec’s refusal for what it is, whatever it throws', () => {
    const cause = new RangeError('no key today');
    const error = thrownBy(() =>
      withCodec({
        encode: () => {
          throw cause;
        },
      }).encodeArguments([1], 'stock.reserve'),
    );
    expect(error).toMatchObject({ where: 'Arguments of stock.reserve', problem: 'no key today', cause });
    const odd = withCodec({
      decode: () => {
        // eslint-disable-next-line typescript/only-throw-error -- what codecs of others may do
        throw 'a text';
      },
    });
    expect(thrownBy(() => odd.decode('x', 'It'))).toMatchObject({ where: 'It', problem: 'a text', direction: 'read' });
  });

  it.each(['', '{', '{}', '"a"', 'null', '~undefined', '~{}'])('reads no argument list from %s', (text) => {
    expect(thrownBy(() => payloads.decodeArguments(text, 'stock.reserve'))).toMatchObject({
      where: 'Arguments of stock.reserve',
      direction: 'read',
    });
  });
});

describe('a fingerprint', () => {
  const of = (value: unknown): string => payloads.fingerprint(value, 'checkout');

  it('does not depend on the order of properties', () => {
    const one = { id: 1, customer: { name: 'a', at: new Date(0) }, lines: [{ item: 'x', count: 1n }] };
    const other = { lines: [{ count: 1n, item: 'x' }], customer: { at: new Date(0), name: 'a' }, id: 1 };
    expect(of([other])).toBe(of([one]));
    expect(of({ b: 1, a: 2 })).toBe(of({ a: 2, b: 1 }));
  });

  it.each<[string, unknown, unknown]>([
    ['values', { a: 1 }, { a: 2 }],
    ['the order of a list', [1, 2], [2, 1]],
    ['types', { a: 1 }, { a: '1' }],
    ['a number and a bigint', [1], [1n]],
    ['a date and its text', [new Date(0)], [new Date(0).toISOString()]],
    ['bytes', [Buffer.from('a')], [Buffer.from('b')]],
    ['null and undefined', [null], [undefined]],
    ['what is beneath', { a: { b: { c: 1 } } }, { a: { b: { c: 2 } } }],
    ['where it is', { a: { b: 1 }, c: {} }, { a: {}, c: { b: 1 } }],
  ])('depends on %s', (_what, a, b) => {
    expect(of(a)).not.toBe(of(b));
  });

  it('is the same whatever the codec makes of the arguments', () => {
    let calls = 0;
    const encrypting = withCodec({ encode: (value) => `${++calls}${JSON.stringify(value)}` });
    expect(encrypting.fingerprint([1], 'checkout')).toBe(of([1]));
    expect(encrypting.fingerprint([1], 'checkout')).toBe(of([1]));
  });

  it('says what cannot be part of it', () => {
    expect(thrownBy(() => of([{ a: () => 0 }])).where).toMatch(/^Fingerprint of checkout/);
  });
});
