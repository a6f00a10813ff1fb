import type { ShopPart } from '../../../shared/src/process/shop-parts.js';
import { checkSettled, checkSums } from './checks.js';
import type { PartProcess } from './part-process.js';
import { ShopClient, type Answer } from './shop-client.js';
import type { ShopWorld } from './shop-world.js';
import type { Snapshot } from './snapshot.js';
import type { Teller } from './teller.js';

/** The shop's answer to an order, a refund, or a refusal. */
export interface ShopAnswer {
  readonly orderId?: string;
  readonly status?: string;
  readonly code?: string;
}

/** What every story plays on: three processes, each of which a story may end and start again. */
export class Stage {
  private constructor(
    readonly world: ShopWorld,
    readonly teller: Teller,
    private readonly cast: Record<ShopPart, PartProcess>,
    /** The databases before anything happened. */
    readonly start: Snapshot,
  ) {}

  /** The first start makes the databases and fills them. */
  static async set(world: ShopWorld, teller: Teller): Promise<Stage> {
    const [inventory, payment, shop] = await Promise.all([
      world.start('inventory'),
      world.start('payment'),
      world.start('shop'),
    ]);
    for (const { part, pid, url } of [shop, inventory, payment]) teller.say(`${part} is process ${pid}, at ${url}`);
    return new Stage(world, teller, { inventory, payment, shop }, await world.snapshot());
  }

  get shop(): PartProcess {
    return this.cast.shop;
  }

  get payment(): PartProcess {
    return this.cast.payment;
  }

  /** Starts a part again; ends it first where it still runs. */
  async restart(part: ShopPart, env: Record<string, string> = {}): Promise<PartProcess> {
    await this.cast[part].stop();
    this.cast[part] = await this.world.start(part, env);
    return this.cast[part];
  }

  /** @param sku of which one is ordered */
  order(customer: string, sku: string): Promise<Answer<ShopAnswer>> {
    return this.client.post<ShopAnswer>('/orders', { customer, items: [{ sku, quantity: 1 }] });
  }

  get client(): ShopClient {
    return new ShopClient(this.shop.url);
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
