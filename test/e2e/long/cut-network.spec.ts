import { setTimeout as pause } from 'node:timers/promises';
import { runUntilAnswered } from '../support/busy-clients.js';
import { mixedOrders } from '../support/clients.js';
import { contradictions } from '../support/contradictions.js';
import { DistributedShop } from '../support/distributed-shop.js';
import { expectConsistent } from '../support/settled.js';
import { shopDatabases, type ShopDatabases } from '../support/shop-databases.js';
import { Wire } from '../support/wire.js';

/** A minute in `npm run test:distributed`. */
const CUT_MS = Number(process.env['SHOP_TEST_CUT_MS'] ?? 6_000);
const SEED = Number(process.env['SHOP_TEST_SEED'] ?? Date.now() % 100_000);

let databases: ShopDatabases;
let shop: DistributedShop;
let wire: Wire;

beforeEach(async () => {
  databases = shopDatabases();
  shop = await DistributedShop.plan(databases, 'http');
  wire = await Wire.to(shop.url('payment'));
});

afterEach(async () => {
  await shop.end();
  await wire.close();
  await databases.drop();
});

describe('a network that is cut between storefront and payment', () => {
  it('in the middle of many orders, silently and with every connection lost: all of them settle', async () => {
    await shop.start({ shop: { PAYMENT_URL: wire.url } });
    let cutting: Promise<void> | undefined;
    const cut = async (): Promise<void> => {
      wire.silence();
      await pause(CUT_MS / 2);
      wire.refuse();
      await pause(CUT_MS / 2);
      wire.heal();
    };
    let done = 0;
    const heard = await runUntilAnswered(mixedOrders(40, SEED), 8, shop.url(), () => {
      done += 1;
      if (done === 10) cutting = cut();
    });
    await cutting;
    const now = await expectConsistent(databases.server, 60_000);
    process.stderr.write(`seed ${SEED}, ${heard.length} answers, ${now.orders.length} orders\n`);
    expect(contradictions(heard, now, { partsDie: true })).toEqual([]);
    expect(heard.some(({ answer }) => (answer?.status ?? 0) >= 500)).toBe(true);
  }, 300_000);
});
