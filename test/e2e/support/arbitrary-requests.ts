import fc from 'fast-check';
import type { RawRequest } from './raw-http.js';

/** Things that exist, so that requests get further than the first check. */
export interface Known {
  readonly carts: readonly string[];
  readonly orders: readonly string[];
}

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ maxLength: 10 }),
  fc.constantFrom(
    '',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '__proto__',
    'constructor',
    '💸',
    "' or 1=1 --",
    'x'.repeat(5_000),
  ),
);
const junk = fc.oneof(
  fc.anything({ maxDepth: 2 }),
  text,
  fc.double(),
  fc.maxSafeInteger(),
  fc.constantFrom(null, true, -0, 1e308),
);
const often = <T>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 4, arbitrary: usual }, { weight: 1, arbitrary: odd });

const sku = often(fc.constantFrom('book', 'lamp', 'phone'), junk);
const customer = often(fc.constantFrom('alice', 'bob'), junk);
const quantity = often(
  fc.integer({ min: 1, max: 8 }),
  fc.oneof(junk, fc.integer(), fc.constantFrom(0, -1, 0.5, 2 ** 31, 1e21)),
);
const item = often(fc.record({ sku, quantity }, { requiredKeys: [] }), junk);
const items = often(fc.array(item, { maxLength: 4 }), junk);
const value = fc.oneof(
  { weight: 6, arbitrary: fc.record({ customer, items }) },
  { weight: 2, arbitrary: fc.record({ customer, items, quantity, extra: junk }, { requiredKeys: [] }) },
  { weight: 2, arbitrary: fc.record({ quantity }) },
  { weight: 1, arbitrary: junk },
);

const encoded = (part: string): string => encodeURIComponent(part.toWellFormed());
const segment = fc.oneof(text.map(encoded), fc.constantFrom('%', '%zz', '%E0%A4%A', '%00', '..', '.', '*', '%2F', ''));

const stringified = (body: unknown): string => {
  try {
    return JSON.stringify(body, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part)) ?? '';
  } catch {
    return '[]'; // fast-check makes objects whose toJSON throws
  }
};
const body = fc.oneof(
  { weight: 8, arbitrary: value.map(stringified) },
  { weight: 1, arbitrary: text },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.constantFrom(undefined, '{', '{"customer":"alice"', '[[[[', `"${'x'.repeat(150_000)}"`) },
);

const header = fc.string({
  unit: fc
    .integer({ min: 32, max: 255 })
    .filter((code) => code !== 127)
    .map((code) => String.fromCharCode(code)),
  maxLength: 40,
});
const contentType = often(
  fc.constant('application/json'),
  fc.constantFrom(
    'text/plain',
    'application/json; charset=nope',
    'application/x-www-form-urlencoded',
    'multipart/form-data',
    '',
  ),
);

/** Anything that can be sent to the shop, most of it close to what it understands. */
export function arbitraryRequest(known: Known): fc.Arbitrary<RawRequest> {
  const cart = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known.carts) }, segment);
  const order = fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...known.orders) }, segment);
  const thing = fc.oneof({ weight: 4, arbitrary: fc.constantFrom('book', 'lamp', 'phone') }, segment);
  const route = fc.oneof(
    fc.tuple(fc.constant('POST'), fc.constantFrom('/orders', '/carts')),
    fc.tuple(
      fc.constant('PUT'),
      fc.tuple(cart, thing).map(([id, what]) => `/carts/${id}/items/${what}`),
    ),
    fc.tuple(
      fc.constant('POST'),
      cart.map((id) => `/carts/${id}/checkout`),
    ),
    fc.tuple(
      fc.constant('GET'),
      cart.map((id) => `/carts/${id}`),
    ),
    fc.tuple(
      fc.constant('GET'),
      order.map((id) => `/orders/${id}`),
    ),
    fc.tuple(
      fc.constant('POST'),
      order.map((id) => `/orders/${id}/refund`),
    ),
    fc.tuple(
      fc.constant('GET'),
      thing.map((what) => `/stock/${what}`),
    ),
    fc.tuple(
      fc.constant('GET'),
      segment.map((who) => `/accounts/${who}`),
    ),
    fc.tuple(
      fc.constantFrom('GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'HEAD'),
      fc.array(segment, { maxLength: 4 }).map((parts) => `/${parts.join('/')}`),
    ),
  );
  const key = fc.oneof(fc.constant(undefined), fc.constantFrom('one', 'two', ''), header);
  return fc.tuple(route, body, contentType, key).map(([[method, path], sent, type, idempotencyKey]) => ({
    method,
    path,
    headers: {
      'content-type': String(type),
      ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey.trim() }),
    },
    body: method === 'GET' || method === 'HEAD' ? undefined : sent,
  }));
}
