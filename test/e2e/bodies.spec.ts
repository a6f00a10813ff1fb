import { randomUUID } from 'node:crypto';
import { takeSnapshot } from '../../apps/storefront/src/demo/snapshot.js';
import { sendText } from './support/raw-http.js';
import { answerTo, one } from './support/shop-actions.js';
import { useShop } from './support/use-shop.js';

const shop = useShop();

describe('a body', () => {
  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['an empty list', { customer: 'alice', items: [] }],
    ['no list', { customer: 'alice', items: { 0: one('book')[0] } }],
    ['no customer', { items: one('book') }],
    ['a customer that is no text', { customer: { toString: 1 }, items: one('book') }],
    ['a customer that no database can hold', { customer: 'al\u0000ice', items: one('book') }],
    ['a sku that is no text', { customer: 'alice', items: [{ sku: 1, quantity: 1 }] }],
    ['items that are no objects', { customer: 'alice', items: ['book', null, 1, []] }],
    ['an empty list as an item', { customer: 'alice', items: [[]] }],
    ['a list of items as an item', { customer: 'alice', items: [one('book')] }],
    ['quantity 0', { customer: 'alice', items: one('book', 0) }],
    ['a quantity that is no integer', { customer: 'alice', items: one('book', 1.5) }],
    ['a quantity beyond everything', { customer: 'alice', items: one('book', 1e300) }],
    ['too many lines', { customer: 'alice', items: Array.from({ length: 101 }, () => one('book')[0]) }],
  ])('with %s is 400 and runs nothing', async (_, body) => {
    const asked = shop.http.post('/orders');
    const answer = await (body === undefined ? asked : asked.send(body as object)).expect(400);
    expect(answer.body).toEqual({ code: 'BAD_REQUEST', message: expect.any(String) });
  });

  it.each(['{"customer":', '"text"', 'null', '[]', '\u0000'])('of %j is 400', async (text) => {
    const { body } = await shop.http.post('/orders').set('Content-Type', 'application/json').send(text).expect(400);
    expect(body).toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('in a list of its own is 400', async () => {
    const { body } = await shop.http
      .post('/orders')
      .send([{ customer: 'alice', items: one('book') }])
      .expect(400);
    expect(body).toMatchObject({ code: 'BAD_REQUEST' });
  });

  it.each(['/orders', `/carts/${randomUUID()}/checkout`])('nested without end is 400 at %s', async (path) => {
    const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
    for (const text of [deep, `{"customer":${deep}}`, `{"customer":"alice","items":${deep}}`]) {
      const { body } = await shop.http.post(path).set('Content-Type', 'application/json').send(text).expect(400);
      expect(body).toMatchObject({ code: 'BAD_REQUEST' });
    }
  });

  it('that asks for more than anybody has is understood, and refused', async () => {
    expect(await answerTo(shop.actions.order('alice', one('book', 20_000)))).toBe('409 OUT_OF_STOCK');
    expect(await answerTo(shop.actions.order('alice', one('book', 9_000)))).toBe('409 INSUFFICIENT_FUNDS');
  });

  it('that is too large is 400', async () => {
    expect(await answerTo(shop.actions.order('alice'.repeat(100_000), one('book')))).toBe('400 PAYLOAD_TOO_LARGE');
    const items = Array.from({ length: 10_000 }, () => one('book')[0]!);
    expect(await answerTo(shop.actions.order('alice', items))).toBe('400 PAYLOAD_TOO_LARGE');
  });

  it.each(['application/json; charset=klingon', 'application/xml', 'text/plain'])('of type %s is 400', async (type) => {
    const order = JSON.stringify({ customer: 'alice', items: one('book') });
    const { body } = await shop.http.post('/orders').set('Content-Type', type).send(order).expect(400);
    expect(body).toEqual({ code: expect.any(String), message: expect.any(String) });
  });

  it.each([
    ['BAD_REQUEST', 'no HTTP at all\r\n\r\n'],
    ['HEADERS_TOO_LARGE', `POST /orders HTTP/1.1\r\nHost: x\r\nIdempotency-Key: ${'k'.repeat(20_000)}\r\n\r\n`],
    ['HEADERS_TOO_LARGE', `GET /orders/${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
    ['BAD_REQUEST', 'POST /orders HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
  ])('or head that cannot be read is 400 %s', async (code, text) => {
    const answer = await sendText(shop.port, text);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toEqual({ code, message: expect.any(String) });
  });

  it('about things that do not exist is 404 and leaves no order', async () => {
    const before = (await takeSnapshot(shop.databases.server)).orders.length;
    expect(await answerTo(shop.actions.order('alice', one('nothing')))).toBe('404 UNKNOWN_SKU');
    expect(await answerTo(shop.actions.order('nobody', one('book')))).toBe('404 UNKNOWN_CUSTOMER');
    expect((await takeSnapshot(shop.databases.server)).orders).toHaveLength(before);
  });
});
