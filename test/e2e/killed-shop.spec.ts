import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ShopClient } from '../../apps/storefront/src/demo/shop-client.js';
import { mixedOrders, runErrands } from './support/clients.js';
import { contradictions } from './support/contradictions.js';
import { expectConsistent } from './support/settled.js';
import { ownServer, ShopProcesses } from './support/shop-processes.js';

const ORDERS = 200;
const CLIENTS = 16;

let base = '';
let dataDir = '';
let shops: ShopProcesses;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'tcc-shop-'));
  chmodSync(base, 0o755); // as root the server runs as somebody else
  dataDir = join(base, 'data');
  shops = new ShopProcesses();
});

afterEach(async () => {
  await shops.end();
  // Its server needs a moment to notice.
  rmSync(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
});

describe('a shop that owns its Postgres', () => {
  it('killed in the middle of 200 mixed orders and started again settles all of them within 30 s', async () => {
    const seed = Date.now() % 100_000;
    let current = shops.start({ SHOP_DATA_DIR: dataDir });
    let answered = 0;
    let killed: Promise<void> | undefined;
    const killInTheMiddle = async (): Promise<void> => {
      const first = await current;
      current = first.kill().then(() => shops.start({ SHOP_DATA_DIR: dataDir }));
      await current;
    };
    const done = await runErrands(
      mixedOrders(ORDERS, seed),
      CLIENTS,
      async () => (await current).url,
      () => {
        answered += 1;
        if (answered === ORDERS / 2) killed = killInTheMiddle();
      },
    );
    await killed;
    const now = await expectConsistent(ownServer(dataDir));
    const lost = done.filter(({ answer }) => answer === undefined).length;
    process.stderr.write(`seed ${seed}: ${now.orders.length} attempts, ${lost} answers lost with the shop\n`);
    expect(contradictions(done, now)).toEqual([]);
    expect(now.orders.filter(({ status }) => status === 'confirmed').length).toBeGreaterThan(10);
  });

  it('keeps what it acknowledged over a kill, and over a stop', async () => {
    const first = await shops.start({ SHOP_DATA_DIR: dataDir });
    const order = { customer: 'alice', items: [{ sku: 'lamp', quantity: 5 }] };
    const { body: placed } = await new ShopClient(first.url).post<{ orderId: string }>('/orders', order);
    await first.kill();
    const second = await shops.start({ SHOP_DATA_DIR: dataDir });
    const again = await new ShopClient(second.url).get(`/orders/${placed.orderId}`);
    expect(again).toMatchObject({ status: 200, body: { status: 'confirmed', total: 24_500 } });
    expect(await second.stop()).toBe(0);
    const third = await shops.start({ SHOP_DATA_DIR: dataDir });
    const stock = await new ShopClient(third.url).get('/stock/lamp');
    expect(stock).toMatchObject({ body: { available: 0, reserved: 0, sold: 5 } });
    await expectConsistent(ownServer(dataDir));
  });
});
