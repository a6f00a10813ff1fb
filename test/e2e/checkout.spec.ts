import { randomUUID } from 'node:crypto';
import { TOPOLOGIES } from './support/in-process-services.js';
import { answerTo, one, type Placed } from './support/shop-actions.js';
import { useShop } from './support/use-shop.js';

const UUID = /^[0-9a-f-]{36}$/;

describe.each(TOPOLOGIES)('%s', (topology) => {
  const shop = useShop(topology);

  describe('carts', () => {
    it('start empty, take items at today’s prices, and lose those whose quantity becomes 0', async () => {
      const made = await shop.http.post('/carts').expect(201);
      const id = (made.body as { id: string }).id;
      expect(made.body).toEqual({ id: expect.stringMatching(UUID), lines: [], total: 0 });
      await shop.http.put(`/carts/${id}/items/phone`).send({ quantity: 1 }).expect(200);
      const line = { sku: 'book', quantity: 2, price: 1_500 };
      const both = { id, lines: [line, { sku: 'phone', quantity: 1, price: 89_900 }], total: 92_900 };
      await shop.http.put(`/carts/${id}/items/book`).send({ quantity: 2 }).expect(200, both);
      await shop.http.get(`/carts/${id}`).expect(200, both);
      await shop.http
        .put(`/carts/${id}/items/phone`)
        .send({ quantity: 0 })
        .expect(200, { id, lines: [line], total: 3_000 });
    });

    it('reserve nothing', async () => {
      const before = await shop.actions.stock('lamp');
      await shop.actions.cartWith({ sku: 'lamp', quantity: 3 });
      expect(await shop.actions.stock('lamp')).toEqual(before);
    });

    it.each([-1, 1_000_001, 1.5, '1', null, undefined, [], {}, true])('refuse %j as a quantity', async (quantity) => {
      const id = await shop.actions.cartWith();
      const { body } = await shop.http.put(`/carts/${id}/items/book`).send({ quantity }).expect(400);
      expect(body).toMatchObject({ code: 'BAD_REQUEST', message: expect.stringContaining('quantity') });
    });

    it('and skus that do not exist are 404', async () => {
      const id = await shop.actions.cartWith();
      expect(await answerTo(shop.http.put(`/carts/${id}/items/nothing`).send({ quantity: 1 }))).toBe('404 UNKNOWN_SKU');
      expect(await answerTo(shop.http.put(`/carts/${id}/items/%00`).send({ quantity: 1 }))).toBe('404 UNKNOWN_SKU');
      for (const unknown of [randomUUID(), 'x', '%00', `${id}0`]) {
        expect(await answerTo(shop.http.get(`/carts/${unknown}`))).toBe('404 UNKNOWN_CART');
        expect(await answerTo(shop.http.put(`/carts/${unknown}/items/book`).send({ quantity: 1 }))).toBe(
          '404 UNKNOWN_CART',
        );
      }
    });
  });

  describe('checkout', () => {
    it('answers with the order and its transaction, and takes stock and money', async () => {
      const before = (await shop.actions.stock('book')) as { available: number; sold: number };
      const account = (await shop.http.get('/accounts/alice')).body as { balance: number; captured: number };
      const { body } = await shop.actions
        .checkout(await shop.actions.cartWith({ sku: 'book', quantity: 3 }))
        .expect(201);
      const id = expect.stringMatching(UUID) as string;
      expect(body).toEqual({ orderId: id, xid: id, status: 'confirmed', total: 4_500 });
      const stock = { available: before.available - 3, reserved: 0, sold: before.sold + 3 };
      expect(await shop.actions.stock('book')).toEqual({ sku: 'book', price: 1_500, ...stock });
      const { balance, captured } = account;
      const paid = { customer: 'alice', balance: balance - 4_500, held: 0, captured: captured + 4_500 };
      await shop.http.get('/accounts/alice').expect(200, paid);
    });

    it('refuses with the reason and the transaction, and keeps nothing', async () => {
      const stock = await shop.actions.stock('lamp');
      const { body } = await shop.actions.order('alice', one('lamp', 6)).expect(409);
      const text = expect.any(String) as string;
      expect(body).toEqual({ code: 'OUT_OF_STOCK', message: text, xid: expect.stringMatching(UUID) });
      const poor = await shop.actions
        .checkout(await shop.actions.cartWith({ sku: 'lamp', quantity: 1 }), undefined, 'bob')
        .expect(409);
      expect(poor.body).toEqual({ code: 'INSUFFICIENT_FUNDS', message: text, xid: expect.stringMatching(UUID) });
      expect(await shop.actions.stock('lamp')).toEqual(stock);
    });

    it('takes all lines or none', async () => {
      const books = await shop.actions.stock('book');
      await shop.actions.order('alice', [...one('book'), ...one('lamp', 6)]).expect(409);
      expect(await shop.actions.stock('book')).toEqual(books);
    });

    it('gives the same answer to the same key, whatever the cart holds by then', async () => {
      const cart = await shop.actions.cartWith({ sku: 'book', quantity: 1 });
      const key = randomUUID();
      const first = await shop.actions.checkout(cart, key).expect(201);
      const stock = await shop.actions.stock('book');
      await shop.http.put(`/carts/${cart}/items/book`).send({ quantity: 0 }).expect(200);
      await shop.actions.checkout(cart, key).expect(201, first.body as object);
      expect(await shop.actions.stock('book')).toEqual(stock);
      await shop.actions.order('alice', one('book')).set('Idempotency-Key', key).expect(201);
    });

    it('tries anew under the same key after a refusal', async () => {
      const cart = await shop.actions.cartWith({ sku: 'lamp', quantity: 6 });
      const key = randomUUID();
      expect(await answerTo(shop.actions.checkout(cart, key))).toBe('409 OUT_OF_STOCK');
      await shop.http.put(`/carts/${cart}/items/lamp`).send({ quantity: 1 }).expect(200);
      const { body } = await shop.actions.checkout(cart, key).expect(201);
      await shop.actions.refund((body as Placed).orderId).expect(201);
    });

    it('refuses a key that was used for another cart or customer', async () => {
      const key = randomUUID();
      const { body } = await shop.actions
        .checkout(await shop.actions.cartWith({ sku: 'book', quantity: 1 }), key)
        .expect(201);
      const other = await shop.actions
        .checkout(await shop.actions.cartWith({ sku: 'book', quantity: 1 }), key)
        .expect(422);
      expect(other.body).toMatchObject({
        code: 'TCC_KEY_REUSE',
        message: expect.any(String),
        xid: (body as Placed).xid,
      });
    });

    it('says that a request under the same key is in progress', async () => {
      const cart = await shop.actions.cartWith({ sku: 'book', quantity: 1 });
      const plan = shop.faults({ point: 'barrier.try.opened', action: 'pause', branch: 'payment.authorize' });
      const first = shop.actions.checkout(cart, 'busy').then(({ status }) => status);
      const { xids } = await plan.reached('barrier.try.opened');
      const second = await shop.actions.checkout(cart, 'busy').expect(409);
      expect(second.body).toMatchObject({ code: 'TCC_IN_PROGRESS', message: expect.any(String), xid: xids[0] });
      expect(Number(second.headers['retry-after'])).toBeGreaterThan(0);
      plan.resume();
      expect(await first).toBe(201);
    });

    it('refuses an empty cart, an unknown one, and a customer who does not exist', async () => {
      expect(await answerTo(shop.actions.checkout(await shop.actions.cartWith()))).toBe('409 EMPTY_CART');
      expect(await answerTo(shop.actions.checkout(randomUUID()))).toBe('404 UNKNOWN_CART');
      const cart = await shop.actions.cartWith({ sku: 'book', quantity: 1 });
      expect(await answerTo(shop.actions.checkout(cart, undefined, 'nobody'))).toBe('404 UNKNOWN_CUSTOMER');
      expect(await answerTo(shop.actions.checkout(cart, '  '))).toBe('400 BAD_IDEMPOTENCY_KEY');
    });

    it('takes a key of any length', async () => {
      const cart = await shop.actions.cartWith({ sku: 'book', quantity: 1 });
      const { body } = await shop.actions.checkout(cart, 'k'.repeat(4_000)).expect(201);
      const again = await shop.actions.checkout(cart, 'k'.repeat(4_000)).expect(201);
      expect(again.body).toEqual(body);
    });
  });

  describe('stock, accounts, routes', () => {
    it('that do not exist are 404 with a code', async () => {
      expect(await answerTo(shop.http.get('/stock/nothing'))).toBe('404 UNKNOWN_SKU');
      expect(await answerTo(shop.http.get('/stock/%00'))).toBe('404 UNKNOWN_SKU');
      expect(await answerTo(shop.http.get('/accounts/nobody'))).toBe('404 UNKNOWN_CUSTOMER');
      expect(await answerTo(shop.http.get('/accounts/%E0%A4%A'))).toBe('400 BAD_REQUEST');
      expect(await answerTo(shop.http.get('/nothing'))).toBe('404 NOT_FOUND');
      expect(await answerTo(shop.http.delete('/orders'))).toBe('404 NOT_FOUND');
    });
  });

  describe('health', () => {
    it('is 503 and names the database that does not answer', async () => {
      const all = { ledger: true, recovery: true, databases: { shop: true, inventory: true, payment: true } };
      await shop.http.get('/health').expect(200, { status: 'ok', ...all });
      await shop.databases.allowConnections('payment', false);
      try {
        const { body } = await shop.http.get('/health').expect(503);
        expect(body).toMatchObject({ status: 'unavailable', ledger: true, databases: { shop: true, payment: false } });
        expect(await answerTo(shop.actions.order('alice', one('book')))).toBe('503 DATABASE_UNAVAILABLE');
      } finally {
        await shop.databases.allowConnections('payment', true);
      }
      await shop.http.get('/health').expect(200);
    });
  });
});
