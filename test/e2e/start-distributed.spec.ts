import { jest } from '@jest/globals';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SHOP_PARTS } from '../../apps/shared/src/process/shop-parts.js';
import { ShopClient } from '../../apps/storefront/src/demo/shop-client.js';
import { eventually } from '../support/eventually.js';
import { isAlive, launchShop, type LaunchedShop } from './support/launched-shop.js';
import { expectConsistent, settled } from './support/settled.js';
import { shopDatabases, type ShopDatabases } from './support/shop-databases.js';
import { ownServer } from './support/shop-processes.js';

// three processes that start anew, and retries whose pauses have grown
jest.setTimeout(120_000);

const ORDER = { customer: 'alice', items: [{ sku: 'phone', quantity: 1 }] };
const STARTS_WITHIN_MS = 30_000;

describe('npm run start:distributed', () => {
  let databases: ShopDatabases;
  let shops: LaunchedShop[];

  const launch = (env: Readonly<Record<string, string>>): LaunchedShop => {
    const shop = launchShop(env);
    shops.push(shop);
    return shop;
  };
  const pidsOf = (shop: LaunchedShop): number[] => SHOP_PARTS.flatMap((part) => shop.pids(part));

  beforeEach(() => {
    databases = shopDatabases();
    shops = [];
  });

  afterEach(async () => {
    for (const shop of shops) shop.signal('SIGKILL');
    await Promise.all(shops.map(({ ended }) => ended));
    // those that lost their parent end by themselves
    const left = shops.flatMap(pidsOf);
    await eventually(() => mustBeGone(left), STARTS_WITHIN_MS);
    await databases.drop();
  });

  it('starts what dies again, in its place, and stops all of it when it is told to', async () => {
    const shop = launch(databases.env);
    const client = new ShopClient(await shop.opened());
    expect(await client.post('/orders', ORDER)).toMatchObject({ status: 201, body: { status: 'confirmed' } });
    // Settlements are lazy, and what dies before leaves its lease behind: nobody is left in the end to wait for that.
    await settled(databases.server);
    for (const part of SHOP_PARTS) process.kill(shop.pids(part).at(-1)!, 'SIGKILL');
    await eventually(async () => {
      expect(SHOP_PARTS.map((part) => shop.pids(part).length)).toEqual([2, 2, 2]);
      expect(await client.get('/health')).toMatchObject({ status: 200 });
    }, STARTS_WITHIN_MS);
    expect(await client.post('/orders', ORDER)).toMatchObject({ status: 201, body: { status: 'confirmed' } });
    shop.signal('SIGTERM');
    expect(await shop.ended).toBe(0);
    expect(pidsOf(shop).filter(isAlive)).toEqual([]);
    expect((await expectConsistent(databases.server)).orders).toHaveLength(2);
  });

  it('is healthy again only when the part that is away is back, and serves meanwhile', async () => {
    const shop = launch(databases.env);
    const client = new ShopClient(await shop.opened());
    const payment = shop.pids('payment').at(-1)!;
    process.kill(payment, 'SIGSTOP');
    const { status, body } = await client.get('/health');
    process.kill(payment, 'SIGCONT');
    expect({ status, body }).toMatchObject({
      status: 503,
      body: { ledger: true, databases: { shop: true, inventory: true, payment: false } },
    });
    await eventually(async () => expect(await client.get('/health')).toMatchObject({ status: 200 }));
  });

  it('leaves nothing behind when it is killed, and finds its own data again', async () => {
    const base = mkdtempSync(join(tmpdir(), 'tcc-shop-'));
    chmodSync(base, 0o755); // as root the server runs as somebody else
    const env = { SHOP_DATA_DIR: join(base, 'data') };
    try {
      const first = launch(env);
      await new ShopClient(await first.opened()).post('/orders', ORDER);
      first.signal('SIGKILL');
      await first.ended;
      await eventually(() => expect(pidsOf(first).filter(isAlive)).toEqual([]), STARTS_WITHIN_MS);
      const second = launch(env);
      const stock = await new ShopClient(await second.opened()).get('/stock/phone');
      expect(stock).toMatchObject({ body: { available: 49, reserved: 0, sold: 1 } });
      await expectConsistent(ownServer(env.SHOP_DATA_DIR));
      second.signal('SIGINT');
      expect(await second.ended).toBe(0);
    } finally {
      // Its server needs a moment to notice.
      rmSync(base, { recursive: true, force: true, maxRetries: 20, retryDelay: 200 });
    }
  });

  it.each([
    ['SHOP_TRANSPORT', 'pigeon'],
    ['INVENTORY_PORT', '99999'],
    ['SHOP_SECRET', 'short'],
  ])('ends with a word on %s when it cannot work', async (variable, value) => {
    const shop = launch({ ...databases.env, [variable]: value });
    expect(await shop.ended).toBe(1);
    expect(shop.output()).toContain(variable === 'SHOP_SECRET' ? 'remote.keys' : variable);
    expect(pidsOf(shop).filter(isAlive)).toEqual([]);
  });

  it('ends when its port stays taken', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const shop = launch({ ...databases.env, PORT: String((server.address() as AddressInfo).port) });
    expect(await shop.ended).toBe(1);
    expect(shop.output()).toContain('EADDRINUSE');
    await new Promise((resolve) => server.close(resolve));
  });
});

function mustBeGone(pids: readonly number[]): void {
  const alive = pids.filter(isAlive);
  if (alive.length > 0) throw new Error(`still alive: ${alive.join(', ')}`);
}
