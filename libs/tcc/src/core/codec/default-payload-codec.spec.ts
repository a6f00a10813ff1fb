import fc from 'fast-check';
import { defaultPayloadCodec as codec } from './default-payload-codec.js';
import { UnstorableValue } from './storable.js';

const there = (value: unknown): unknown => codec.decode(codec.encode(value));

class Money {
  constructor(
    readonly amount: bigint,
    readonly currency: string,
  ) {}
  get isZero(): boolean {
    return this.amount === 0n;
  }
}

describe('the default codec keeps', () => {
  it.each<[string, unknown]>([
    ['null', null],
    ['undefined', undefined],
    ['a text', 'a\u0000b\n"\\`${x}</script>\u2028\ud83d\ude00'],
    ['half a surrogate pair', '\ud800 and \udc00'],
    ['an empty text', ''],
    ['what looks like its own mark', '~undefined'],
    ['numbers', [0, 1.5, -1e-300, Number.MAX_SAFE_INTEGER, Number.EPSILON]],
    ['NaN and infinities', [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]],
    ['-0', -0],
    ['-0 deep inside', { a: [{ b: -0 }] }],
    ['bigint', [0n, -1n, 2n ** 200n]],
    ['undefined in a list', [1, undefined, 3]],
    ['undefined as a property', { a: undefined, b: 1 }],
    ['Date', { at: new Date(1_700_000_000_123), first: new Date(-8.64e15) }],
    [
      'Map',
      new Map<unknown, unknown>([
        ['a', new Date(0)],
        [{ key: 1 }, new Map([[1, 2n]])],
      ]),
    ],
    ['Set', new Set([1, 'a', undefined, new Set([1])])],
    ['Buffer', { bytes: Buffer.from([0, 255, 128]), none: Buffer.alloc(0) }],
    ['typed arrays', [Uint8Array.of(1, 2), Int16Array.of(-1), Float64Array.of(0.5, Number.NaN), BigInt64Array.of(-5n)]],
    ['ArrayBuffer', Uint8Array.of(1, 2, 3).buffer],
    ['everything in everything', { a: [new Map([['b', { c: [new Set([1n]), { d: undefined }] }]])] }],
    ['a property called constructor', { constructor: 'x', toString: 1, toJSON: 'no function' }],
    [
      'the same object twice',
      (() => {
        const shared = { at: new Date(0) };
        return [shared, shared, { shared }];
      })(),
    ],
    ['many levels', Array.from({ length: 150 }).reduce<unknown>((inner) => ({ inner: [inner] }).inner, 1n)],
  ])('%s', (_what, value) => {
    expect(there(value)).toStrictEqual(value);
  });

  it('a DataView, over its own bytes alone', () => {
    const memory = Uint8Array.of(9, 1, 2, 9);
    const back = there(new DataView(memory.buffer, 1, 2)) as DataView;
    expect(back).toBeInstanceOf(DataView);
    expect([...new Uint8Array(back.buffer, back.byteOffset, back.byteLength)]).toEqual([1, 2]);
    expect(back.buffer.byteLength).toBe(2);
  });

  it('any JSON document, as JSON that people can read', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (document) => {
        fc.pre(!JSON.stringify(document).includes('__proto__'));
        const value: unknown = JSON.parse(JSON.stringify(document));
        expect(codec.encode(value)).toBe(JSON.stringify(value));
        expect(there(value)).toStrictEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it('any data at all', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withTypedArray: true,
      key: fc.string().filter((key) => key !== '__proto__'),
    });
    fc.assert(
      fc.property(anything, (value) => {
        fc.pre(!hasInvalidDate(value));
        expect(there(value)).toEqual(value);
        // a text column takes it as it is
        expect(codec.encode(value)).not.toContain('\u0000');
        expect(codec.encode(value).isWellFormed()).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('nothing of the neighbours of a Buffer from the pool, nor of a view', () => {
    const secret = Buffer.from('secret neighbour');
    const ours = Buffer.from('ours');
    expect(ours.buffer).toBe(secret.buffer);
    for (const value of [ours, new Uint8Array(ours.buffer, ours.byteOffset, ours.length)]) {
      const text = codec.encode({ value });
      expect(text.length).toBeLessThan(300);
      for (const encoding of ['base64', 'hex', 'latin1'] as const)
        expect(text).not.toContain(secret.toString(encoding));
      const { value: back } = codec.decode(text) as { value: Uint8Array };
      expect(Buffer.from(back).toString()).toBe('ours');
      expect(Buffer.isBuffer(back)).toBe(Buffer.isBuffer(value));
    }
  });

  it('of an instance of a class its properties, as a plain object', () => {
    const back = there([
      new Money(5n, 'EUR'),
      new (class Plain {
        a = 1;
      })(),
    ]) as object[];
    expect(back).toStrictEqual([{ amount: 5n, currency: 'EUR' }, { a: 1 }]);
    expect(Object.getPrototypeOf(back[0])).toBe(Object.prototype);
    expect(there(Object.assign(Object.create(null), { a: 1 }))).toStrictEqual({ a: 1 });
  });

  it('holes as undefined', () => {
    // eslint-disable-next-line no-sparse-arrays
    expect(there([1, , 3])).toStrictEqual([1, undefined, 3]);
  });
});

function hasInvalidDate(value: unknown): boolean {
  if (value instanceof Date) return Number.isNaN(value.getTime());
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  const inside = value instanceof Map ? [...value].flat() : value instanceof Set ? [...value] : Object.values(value);
  return inside.some(hasInvalidDate);
}

const cycle: { self?: unknown } = {};
cycle.self = { deeper: [cycle] };
const cyclicMap = new Map<string, unknown>();
cyclicMap.set('self', cyclicMap);
const awaitable = JSON.parse('{"then": 0}', (key, value: unknown) =>
  key === 'then' ? () => undefined : value,
) as unknown;
const doubling = (levels: number): unknown => (levels === 0 ? 1 : ((inner) => [inner, inner])(doubling(levels - 1)));

describe('the default codec refuses', () => {
  it.each<[string, unknown]>([
    ['a function', () => 0],
    ['a class', Money],
    ['a symbol', Symbol('x')],
    ['a symbol property', { [Symbol('x')]: 1 }],
    ['a cycle', cycle],
    ['a cycle through a Map', cyclicMap],
    ['a Promise', Promise.resolve(1)],
    ['something to be awaited', awaitable],
    ['an invalid Date', new Date(Number.NaN)],
    ['a class with toJSON', new URL('http://localhost')],
    ['a list with toJSON', Object.assign([1, 2], { toJSON: () => 'something else' })],
    ['an Error', new Error('x')],
    ['a RegExp', /x/],
    ['a WeakMap', new WeakMap()],
    ['a boxed number', new Number(1)],
    ['an iterator', [1].values()],
    ['an own property __proto__', JSON.parse('{"__proto__": {"admin": true}}')],
    ['too many levels', Array.from({ length: 300 }).reduce<unknown>((inner) => [inner], 1)],
    ['what grows without end', doubling(40)],
    ['a list without end', Object.assign([], { length: 4_000_000_000 })],
  ])('%s', (_what, value) => {
    expect(() => codec.encode(value)).toThrow(UnstorableValue);
    expect(() => codec.encode({ at: new Date(0), list: [value] })).toThrow(UnstorableValue);
  });

  it('without having changed anything', () => {
    const value = Object.freeze({ list: Object.freeze([Object.freeze({ at: new Date(0) }), 1n]) });
    there(value);
    expect(value).toStrictEqual({ list: [{ at: new Date(0) }, 1n] });
  });
});

describe('the default codec does not read', () => {
  it.each(['', '{', '~', '~{', '~{}', '~null', '~[]', '~{"t":999}', 'undefined'])('%s', (text) => {
    expect(() => codec.decode(text)).toThrow(Error);
  });
});
