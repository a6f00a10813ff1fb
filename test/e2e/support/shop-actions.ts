import type { Test } from 'supertest';
import { takeSnapshot } from '../../../apps/storefront/src/demo/snapshot.js';
import type { DatabaseServer } from '../../../apps/shared/src/database/database-server.js';
import type { InProcessShop } from './in-process-shop.js';

/** What an order is answered with. */
export interface Placed {
  readonly orderId: string;
  readonly xid: string;
}

/** How many of a sku. */
export interface Item {
  readonly sku: string;
  readonly quantity: number;
}

/** A list of one line. */
export const one = (sku: string, quantity = 1): Item[] => [{ sku, quantity }];

/** Status and code, such as `409 OUT_OF_STOCK`; of a success the status. */
export async function answerTo(request: Test): Promise<string> {
  const { status, body } = await request;
  const { code } = body as { code?: string };
  return code === undefined ? String(status) : `${status} ${code}`;
}

/** What tests do with a shop. */
export class ShopActions {
  constructor(
    private readonly shop: InProcessShop,
    private readonly server: DatabaseServer,
  ) {}

  order(customer: string, items: unknown): Test {
    return this.shop.http.post('/orders').send({ customer, items });
  }

  /** Alice buys one of a sku. */
  async placed(sku = 'book'): Promise<Placed> {
    return (await this.order('alice', one(sku)).expect(201)).body as Placed;
  }

  async cartWith(...lines: Item[]): Promise<string> {
    const { id } = (await this.shop.http.post('/carts').expect(201)).body as { id: string };
    for (const { sku, quantity } of lines) {
      await this.shop.http.put(`/carts/${id}/items/${sku}`).send({ quantity }).expect(200);
    }
    return id;
  }

  checkout(cart: string, key?: string, customer = 'alice'): Test {
    const asked = this.shop.http.post(`/carts/${cart}/checkout`);
    return (key === undefined ? asked : asked.set('Idempotency-Key', key)).send({ customer });
  }

  refund(orderId: string): Test {
    return this.shop.http.post(`/orders/${orderId}/refund`);
  }

  async stock(sku: string): Promise<{ available: number; reserved: number; sold: number }> {
    const { body } = await this.shop.http.get(`/stock/${sku}`).expect(200);
    return body as { available: number; reserved: number; sold: number };
  }

  async account(customer: string): Promise<{ balance: number; held: number; captured: number }> {
    const { body } = await this.shop.http.get(`/accounts/${customer}`).expect(200);
    return body as { balance: number; held: number; captured: number };
  }

  /** As the shop tells it. */
  async status(orderId: string): Promise<string> {
    return ((await this.shop.http.get(`/orders/${orderId}`).expect(200)).body as { status: string }).status;
  }

  /** The order that a transaction places. */
  async orderOf(xid: string | undefined): Promise<string> {
    const { orders } = await takeSnapshot(this.server);
    return orders.find((row) => row.xid === xid)!.id;
  }

  /** Resolves when the row of an order has that status. */
  async untilRowIs(orderId: string, status: string): Promise<void> {
    for (const giveUpAt = performance.now() + 10_000; ;) {
      const { orders } = await takeSnapshot(this.server);
      if (orders.find(({ id }) => id === orderId)?.status === status) return;
      if (performance.now() > giveUpAt) throw new Error(`order ${orderId} has not become ${status} in ten seconds`);
    }
  }

  async untilHealthy(): Promise<void> {
    for (const giveUpAt = performance.now() + 10_000; (await this.shop.http.get('/health')).status !== 200;) {
      if (performance.now() > giveUpAt) throw new Error('the shop has not become healthy in ten seconds');
    }
  }
}
