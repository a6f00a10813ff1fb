import { randomUUID } from 'node:crypto';
import { TOPOLOGIES } from './support/in-process-services.js';
import { inProcessShop, type InProcessShop } from './support/in-process-shop.js';
import { expectConsistent } from './support/settled.js';
import { answerTo, one, ShopActions, type Placed } from './support/shop-actions.js';
import { useShop } from './support/use-shop.js';

const UUID = /^[0-9a-f-]{36}$/;

describe.each(TOPOLOGIES)('%s', (topology) => {
  const shop = useShop(topology);

  describe('an order', () => {
    it('tells what was bought', async () => {
      const items = [...one('phone'), ...one('book'), ...one('book', 2)];
      const { orderId: id, xid } = (await shop.actions.order('alice', items).expect(201)).body as Placed;
      const lines = [
        { sku: 'book', quantity: 3, price: 1_500 },
        { sku: 'phone', quantity: 1, price: 89_900 },
      ];
      const { body } = await shop.http.get(`/orders/${id}`).expect(200);
      expect(body).toEqual({ id, xid, customer: 'alice', items: lines, total: 94_400, status: 'confirmed' });
    });

    it('is pending until it is decided, and what was decided while phase two is owed', async () => {
      const plan = shop.faults(
        { point: 'ledger.decide.sending', action: 'pause' },
        { point: 'ledger.decide.done', action: 'pause' },
      );
      const answer = shop.actions.order('alice', one('book')).then(({ status }) => status);
      const { xids } = await plan.reached('ledger.decide.sending');
      const id = await shop.actions.orderOf(xids[0]);
      expect(await shop.actions.status(id)).toBe('pending');
      plan.resume();
      await plan.reached('ledger.decide.done');
      expect(await shop.actions.status(id)).toBe('confirmed');
      expect(await answerTo(shop.actions.refund(id))).toBe('409 NOT_REFUNDABLE');
      plan.resume();
      expect(await answer).toBe(201);
    });

    it('is cancelled as soon as that is decided', async () => {
      const plan = shop.faults({ point: 'barrier.cancel.opened', action: 'pause', branch: 'orders.place' });
      const answer = shop.actions.order('bob', one('phone')).then(({ status }) => status);
      const { xids } = await plan.reached('barrier.cancel.opened');
      const id = await shop.actions.orderOf(xids[0]);
      expect(await shop.actions.status(id)).toBe('cancelled');
      plan.resume();
      expect(await answer).toBe(409);
      expect(await answerTo(shop.actions.refund(id))).toBe('409 NOT_REFUNDABLE');
    });

    it('that does not exist is 404', async () => {
      for (const id of [randomUUID(), 'x', '%00', '%F0%9F%92%A9']) {
        expect(await answerTo(shop.http.get(`/orders/${id}`))).toBe('404 UNKNOWN_ORDER');
        expect(await answerTo(shop.actions.refund(id))).toBe('404 UNKNOWN_ORDER');
      }
    });
  });

  describe('a refund', () => {
    it('gives everything back, once', async () => {
      const stock = await shop.actions.stock('phone');
      const { body: account } = await shop.http.get('/accounts/alice');
      const { orderId } = await shop.actions.placed('phone');
      const { body } = await shop.actions.refund(orderId).expect(201);
      expect(body).toEqual({ orderId, xid: expect.stringMatching(UUID), status: 'refunded', total: 89_900 });
      expect(await shop.actions.status(orderId)).toBe('refunded');
      expect(await shop.actions.stock('phone')).toEqual(stock);
      await shop.http.get('/accounts/alice').expect(200, account as object);
      expect(await answerTo(shop.actions.refund(orderId))).toBe('409 ALREADY_REFUNDED');
    });

    it('takes place once of twenty at a time', async () => {
      const { orderId } = await shop.actions.placed();
      const answers = await Promise.all(Array.from({ length: 20 }, () => shop.actions.refund(orderId)));
      const codes = answers.map(({ status, body }) => (status === 201 ? 'done' : (body as { code: string }).code));
      expect(codes.filter((code) => code === 'done')).toHaveLength(1);
      expect(codes.filter((code) => !['done', 'REFUND_IN_PROGRESS', 'ALREADY_REFUNDED'].includes(code))).toEqual([]);
    });

    it('is in progress until it is decided, and done as soon as that is', async () => {
      const { orderId } = await shop.actions.placed();
      const plan = shop.faults(
        { point: 'ledger.decide.sending', action: 'pause' },
        { point: 'barrier.confirm.opened', action: 'pause', branch: 'orders.refund' },
      );
      const first = shop.actions.refund(orderId).then(({ status }) => status);
      await plan.reached('ledger.decide.sending');
      expect(await shop.actions.status(orderId)).toBe('confirmed');
      expect(await answerTo(shop.actions.refund(orderId))).toBe('409 REFUND_IN_PROGRESS');
      plan.resume('ledger.decide.sending');
      await plan.reached('barrier.confirm.opened');
      expect(await shop.actions.status(orderId)).toBe('refunded');
      expect(await answerTo(shop.actions.refund(orderId))).toBe('409 ALREADY_REFUNDED');
      plan.resume();
      expect(await first).toBe(201);
    });

    it('that failed leaves the order confirmed, and waits for its cancels before the next one', async () => {
      const { orderId } = await shop.actions.placed();
      const plan = shop.faults(
        { point: 'barrier.try.opened', action: 'error', branch: 'payment.refund' },
        { point: 'barrier.cancel.opened', action: 'pause', branch: 'inventory.takeBack' },
      );
      const failed = shop.actions.refund(orderId).then(({ status }) => status);
      await plan.reached('barrier.cancel.opened');
      await shop.actions.untilRowIs(orderId, 'confirmed');
      expect(await shop.actions.status(orderId)).toBe('confirmed');
      expect(await answerTo(shop.actions.refund(orderId))).toBe('409 REFUND_IN_PROGRESS');
      plan.resume();
      expect(await failed).toBe(500);
      await shop.actions.refund(orderId).expect(201);
    });

    it('that was overtaken by one that failed meanwhile is refused', async () => {
      const { orderId } = await shop.actions.placed();
      const plan = shop.faults(
        { point: 'barrier.try.opening', action: 'pause', branch: 'orders.refund' },
        { point: 'barrier.try.opened', action: 'error', branch: 'payment.refund' },
        { point: 'barrier.cancel.opened', action: 'pause', branch: 'inventory.takeBack' },
      );
      const overtaken = answerTo(shop.actions.refund(orderId));
      await plan.reached('barrier.try.opening');
      const failed = answerTo(shop.actions.refund(orderId));
      await plan.reached('barrier.cancel.opened');
      await shop.actions.untilRowIs(orderId, 'confirmed');
      plan.resume('barrier.try.opening');
      expect(await overtaken).toBe('409 REFUND_IN_PROGRESS');
      plan.resume();
      expect(await failed).toBe('500 INTERNAL_ERROR');
    });

    it('is refused while another place still owes its confirm', async () => {
      const plan = shop.faults({ point: 'barrier.confirm.opened', action: 'pause', branch: 'payment.authorize' });
      const answer = shop.actions.order('alice', one('book')).then(({ body }) => body as Placed);
      const { xids } = await plan.reached('barrier.confirm.opened');
      const id = await shop.actions.orderOf(xids[0]);
      await shop.actions.untilRowIs(id, 'confirmed');
      expect(await answerTo(shop.actions.refund(id))).toBe('409 NOT_REFUNDABLE');
      plan.resume();
      await shop.actions.refund((await answer).orderId).expect(201);
    });
  });

  describe('a deadline that passes', () => {
    it('is 504, and all is given back', async () => {
      const hasty = await inProcessShop(shop.databases.server, topology, { timeout: '2s' });
      try {
        const plan = hasty.faults({ point: 'barrier.try.opened', action: 'pause', branch: 'payment.authorize' });
        const { status, body } = await hasty.http.post('/orders').send({ customer: 'alice', items: one('lamp') });
        expect({ status, body }).toMatchObject({
          status: 504,
          body: { code: 'TCC_TIMED_OUT', message: expect.any(String), xid: expect.stringMatching(UUID) },
        });
        plan.resume();
        expect(await expectConsistent(shop.databases.server)).toBeDefined();
      } finally {
        await hasty.close();
      }
    });
  });

  describe('a ledger that goes away', () => {
    let impatient: InProcessShop;
    let actions: ShopActions;

    beforeAll(async () => {
      impatient = await inProcessShop(shop.databases.server, topology, { ledgerTimeout: '1s', timeout: '3s' });
      actions = new ShopActions(impatient, shop.databases.server);
    });
    afterEach(async () => {
      await shop.databases.allowConnections('shop', true);
      await actions.untilHealthy();
      await shop.actions.untilHealthy();
    });
    afterAll(() => impatient.close());

    it('before an order is 503, and nothing of it happens', async () => {
      await shop.databases.allowConnections('shop', false);
      expect(await answerTo(actions.order('alice', one('book')))).toMatch(/^503 \w+/);
      const { body } = await impatient.http.get('/health').expect(503);
      expect(body).toMatchObject({ status: 'unavailable', ledger: false, databases: { shop: false, payment: true } });
      await shop.databases.allowConnections('shop', true);
      expect((await shop.actions.stock('book')).reserved).toBe(0);
    });

    it('while the decision is sent is 503 with the transaction to ask for, which recovery finishes', async () => {
      const plan = impatient.faults({ point: 'ledger.decide.sending', action: 'pause' });
      const answer = actions.order('alice', one('lamp')).then((got) => got);
      const { xids } = await plan.reached('ledger.decide.sending');
      await shop.databases.allowConnections('shop', false);
      plan.resume();
      const { status, body } = await answer;
      await shop.databases.allowConnections('shop', true);
      expect({ status, body }).toMatchObject({ status: 503, body: { code: 'TCC_IN_DOUBT', xid: xids[0] } });
      const { orders } = await expectConsistent(shop.databases.server);
      expect(orders.find(({ xid }) => xid === xids[0])?.status).toBe('cancelled');
    });
  });
});
