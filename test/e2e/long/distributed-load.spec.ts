import type { Snapshot } from '../../../apps/storefront/src/demo/snapshot.js';
import { runUntilAnswered } from '../support/busy-clients.js';
import { mixedOrders, type Done } from '../support/clients.js';
import { contradictions } from '../support/contradictions.js';
import { DistributedShop, testedTransports } from '../support/distributed-shop.js';
import { expectConsistent } from '../support/settled.js';
import { shopDatabases, type ShopDatabases } from '../support/shop-databases.js';

/** In `npm test` as much as it can afford; `npm run test:distributed` asks for all of it. */
const ORDERS = Number(process.env['SHOP_TEST_ORDERS'] ?? 60);
const KILLS = Number(process.env['SHOP_TEST_KILLS'] ?? 2);
const CLIENTS = 16;
const SETTLES_WITHIN_MS = 60_000;
const SEED = Number(process.env['SHOP_TEST_SEED'] ?? Date.now() % 100_000);

let databases: ShopDatabases;
let shop: DistributedShop;

beforeEach(async () => {
  databases = shopDatabases();
});

afterEach(async () => {
  await shop?.end();
  await databases.drop();
});

describe.each(testedTransports())('over %s', (transport) => {
  it(`${ORDERS} mixed orders from ${CLIENTS} clients while payment is killed and restarted ${KILLS} times: all sums hold`, async () => {
    // the shop as it is, nothing made shorter for a test
    shop = await DistributedShop.plan(databases, transport, {});
    await shop.start();
    const startedAt = performance.now();
    const killing = new Killing(shop);
    const heard = await runUntilAnswered(mixedOrders(ORDERS, SEED), CLIENTS, shop.url(), () => killing.oneMoreDone());
    await killing.over();
    const lastRestartAt = performance.now();
    const now = await expectConsistent(databases.server, SETTLES_WITHIN_MS);
    report(transport, heard, now, { startedAt, lastRestartAt, kills: killing.kills });
    expect(killing.kills).toBe(KILLS);
    expect(contradictions(heard, now, { partsDie: true })).toEqual([]);
    // Some thirty can be paid: which they are, and so how many, depends on who comes first.
    expect(now.orders.filter(({ status }) => status === 'confirmed').length).toBeGreaterThan(ORDERS / 20);
  }, 600_000);
});

/** Kills the payment each time that another part of the orders has come to its end. */
class Killing {
  kills = 0;
  private done = 0;
  private last = Promise.resolve();

  constructor(private readonly shop: DistributedShop) {}

  oneMoreDone(): void {
    this.done += 1;
    if (this.done % Math.floor(ORDERS / (KILLS + 1)) !== 0 || this.kills === KILLS) return;
    this.kills += 1;
    this.last = this.last.then(async () => {
      await this.shop.part('payment').kill();
      await this.shop.restart('payment');
    });
  }

  over(): Promise<void> {
    return this.last;
  }
}

function report(
  transport: string,
  heard: readonly Done[],
  { orders }: Snapshot,
  { startedAt, lastRestartAt, kills }: { startedAt: number; lastRestartAt: number; kills: number },
): void {
  const count = (status: string): number => orders.filter((order) => order.status === status).length;
  const seconds = (from: number, to: number): string => ((to - from) / 1_000).toFixed(1);
  const unavailable = heard.filter(({ answer }) => (answer?.status ?? 0) >= 500).length;
  process.stderr.write(
    `${transport}: seed ${SEED}, ${kills} kills, ${heard.length} answers (${unavailable} of them 5xx), ` +
      `${count('confirmed')} orders confirmed, ${count('cancelled')} cancelled; ` +
      `orders took ${seconds(startedAt, lastRestartAt)} s, settled ${seconds(lastRestartAt, performance.now())} s after that\n`,
  );
}
