import { ShopClient } from '../../apps/storefront/src/demo/shop-client.js';
import { takeSnapshot } from '../../apps/storefront/src/demo/snapshot.js';
import { expectConsistent } from './support/settled.js';
import { shopDatabases, type ShopDatabases } from './support/shop-databases.js';
import { ShopProcesses } from './support/shop-processes.js';

const ORDER = { customer: 'alice', items: [{ sku: 'phone', quantity: 1 }] };

let databases: ShopDatabases;
let shops: ShopProcesses;

beforeEach(() => {
  databases = shopDatabases();
  shops = new ShopProcesses();
});

afterEach(async () => {
  await shops.end();
  await databases.drop();
});

describe('two shops on one DATABASE_URL', () => {
  it('start at once on a server that holds nothing yet', async () => {
    const both = await Promise.all([shops.start(databases.env), shops.start(databases.env)]);
    const orders = await Promise.all(both.map(({ url }) => new ShopClient(url).post('/orders', ORDER)));
    expect(orders.map(({ status }) => status)).toEqual([201, 201]);
    const { orders: rows } = await expectConsistent(databases.server);
    expect(rows).toHaveLength(2);
  });

  it.each([
    ['after the decision', 'ledger.decide.done:pause', 'confirmed'],
    ['before the decision', 'ledger.decide.sending:pause', 'cancelled'],
  ])('one killed %s: the other settles its order', async (_, fault, expected) => {
    const hasty = { ...databases.env, TCC_LEASE: '1s', TCC_POLL: '200ms', TCC_TIMEOUT: '3s' };
    const survivor = await shops.start(hasty);
    const doomed = await shops.start({ ...hasty, TCC_FAULTS: fault });
    const answer = new ShopClient(doomed.url).post('/orders', ORDER).catch(() => 'lost');
    await doomed.paused();
    await doomed.kill();
    expect(await answer).toBe('lost');
    const { orders } = await expectConsistent(databases.server);
    const view = await new ShopClient(survivor.url).get(`/orders/${orders[0]?.id}`);
    expect(view).toMatchObject({ status: 200, body: { status: expected } });
  });

  it('one stopped in the middle of an order: nobody is kept waiting for its lease', async () => {
    const stopping = await shops.start({ ...databases.env, TCC_LEASE: '60s', TCC_POLL: '200ms' });
    const other = await shops.start({ ...databases.env, TCC_LEASE: '60s', TCC_POLL: '200ms' });
    const orders = Array.from({ length: 20 }, () =>
      new ShopClient(stopping.url).post('/orders', ORDER).catch(() => 'lost'),
    );
    await until(async () => (await takeSnapshot(databases.server)).orders.length > 0);
    expect(await stopping.stop()).toBe(0);
    await Promise.all(orders);
    await expectConsistent(databases.server, 15_000);
    expect(await new ShopClient(other.url).get('/health')).toMatchObject({ status: 200 });
  });
});

async function until(holds: () => Promise<boolean>): Promise<void> {
  for (const giveUpAt = performance.now() + 10_000; !(await holds());) {
    if (performance.now() > giveUpAt) throw new Error('it did not come true in ten seconds');
  }
}
