import { checkSettled, checkSums } from './checks.js';
import { ShopClient, type Answer } from './shop-client.js';
import type { ShopProcess } from './shop-process.js';
import type { ShopWorld } from './shop-world.js';
import type { Snapshot } from './snapshot.js';
import type { Teller } from './teller.js';

/** The shop's answer to an order, a refund, or a refusal. */
export interface ShopAnswer {
  readonly orderId?: string;
  readonly status?: string;
  readonly code?: string;
}

/** What every story plays on. */
export class Stage {
  constructor(
    readonly world: ShopWorld,
    readonly teller: Teller,
    /** The databases before anything happened. */
    readonly start: Snapshot,
  ) {}

  /** @param sku of which one is ordered */
  order(shop: ShopProcess, customer: string, sku: string): Promise<Answer<ShopAnswer>> {
    return new ShopClient(shop.url).post<ShopAnswer>('/orders', { customer, items: [{ sku, quantity: 1 }] });
  }

  /** Says what was answered, and that it is what was expected. */
  answered(
    what: string,
    { status, body }: Answer<ShopAnswer>,
    expected: readonly [status: number, word: string],
  ): void {
    const word = body.code ?? body.status ?? '';
    this.teller.say(`${what}: ${status} ${word}`);
    const right = status === expected[0] && word === expected[1];
    this.teller.check(`the answer is ${expected.join(' ')}`, right ? [] : [JSON.stringify(body)]);
  }

  /** The books are right and nothing is under way. */
  checkAll(now: Snapshot): void {
    this.teller.check('every sum is what it was', checkSums(this.start, now));
    this.teller.check('nothing is reserved or held; stock, accounts, orders and ledger agree', checkSettled(now));
  }

  /** The order that is there now and was not before has that status. */
  checkNewOrder(before: Snapshot, now: Snapshot, status: string): void {
    const known = new Set(before.orders.map(({ id }) => id));
    const fresh = now.orders.filter(({ id }) => !known.has(id)).map((order) => order.status);
    const right = fresh.length === 1 && fresh[0] === status;
    this.teller.check(`the order is ${status}`, right ? [] : [`new orders: ${fresh.join(', ') || 'none'}`]);
  }
}
