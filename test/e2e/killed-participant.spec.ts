import { jest } from '@jest/globals';
import { FAULT_POINTS } from 'nestjs-tcc';
import type { PartProcess } from '../../apps/storefront/src/demo/part-process.js';
import { ShopClient } from '../../apps/storefront/src/demo/shop-client.js';
import { DistributedShop, testedTransports, type Environment } from './support/distributed-shop.js';
import { expectConsistent } from './support/settled.js';
import { shopDatabases, type ShopDatabases } from './support/shop-databases.js';

type Status = 'confirmed' | 'cancelled';
/** Where an order stands when somebody dies, and what must become of it. */
type Stands = readonly (readonly [point: string, becomes: Status])[];

/** Of the payment: before its try, in it, after its commit and before its answer, and the same of its confirm. */
const IN_PAYMENT: Stands = [
  ['barrier.try.opening', 'cancelled'],
  ['barrier.try.opened', 'cancelled'],
  ['barrier.try.committed', 'cancelled'],
  ['answer.try.sending', 'cancelled'],
  ['barrier.confirm.opening', 'confirmed'],
  ['barrier.confirm.opened', 'confirmed'],
  ['barrier.confirm.committed', 'confirmed'],
  ['answer.confirm.sending', 'confirmed'],
  // last, behind the six that commit their tries: it holds the row of the account, for which they would wait
  ['barrier.try.committing@7', 'cancelled'],
];
/** Of the inventory, whose reservation is given back because the payment refuses. */
const IN_INVENTORY: Stands = [
  ['barrier.cancel.opening', 'cancelled'],
  ['barrier.cancel.opened', 'cancelled'],
  ['barrier.cancel.committed', 'cancelled'],
  ['answer.cancel.sending', 'cancelled'],
];
/** Of the storefront, around its calls. */
const CALLING_PAYMENT: Stands = [
  ['call.try.sending', 'cancelled'],
  ['call.try.answered', 'cancelled'],
  ['call.confirm.sending', 'confirmed'],
  ['call.confirm.answered', 'confirmed'],
];
const CALLING_INVENTORY: Stands = [
  ['call.cancel.sending', 'cancelled'],
  ['call.cancel.answered', 'cancelled'],
];

/** Steps that a try passes which then refuses. */
const PASSED_BY_REFUSED = [
  'barrier.try.opening',
  'barrier.try.opened',
  'answer.try.sending',
  'call.try.sending',
  'call.try.answered',
];

/** Each order stops at the first step that none has stopped at before; those that were refused before are counted. */
const faults = (stands: Stands, branch: string, refused = 0): string =>
  stands
    .map(([point]) => {
      const passed = PASSED_BY_REFUSED.includes(point) ? refused : 0;
      return `${point.includes('@') ? point : `${point}@${passed + 1}`}:pause#${branch}`;
    })
    .join(',');

/** Or a second attempt of one order would come by the step at which the next one is to stop. */
const PATIENT: Environment = { TCC_CALL_TIMEOUT: '10s' };

let databases: ShopDatabases;
let shop: DistributedShop;
/** What orders become, by how many books are in them. */
let expected: Map<number, Status>;
let answers: Promise<unknown>[];

/** One order after another, each until its process stands with it. Bob cannot pay for two books. */
async function orders(
  stands: Stands,
  customer: 'alice' | 'bob',
  from: number,
  standing: PartProcess,
  before = 0,
): Promise<void> {
  for (const [index, [, becomes]] of stands.entries()) {
    const quantity = from + index;
    const body = { customer, items: [{ sku: 'book', quantity }] };
    answers.push(new ShopClient(shop.url()).post('/orders', body).catch(() => undefined));
    expected.set(quantity, becomes);
    await standing.paused(before + index + 1);
  }
}

/** What has become of each order once nothing is owed, by how many books are in it. */
async function outcomes(): Promise<Map<number | undefined, string>> {
  await Promise.all(answers);
  const now = await expectConsistent(databases.server, 60_000);
  expect(now.orders).toHaveLength(expected.size);
  return new Map(now.orders.map(({ items, status }) => [items[0]?.quantity, status]));
}

describe.each(testedTransports())('over %s, while orders stand at each step of a call', (transport) => {
  jest.setTimeout(180_000);

  beforeEach(async () => {
    databases = shopDatabases();
    expected = new Map();
    answers = [];
    shop = await DistributedShop.plan(databases, transport);
  });

  afterEach(async () => {
    await shop.end();
    await databases.drop();
  });

  it('has a row for every step at which a participant answers another application', () => {
    const rows = [...IN_PAYMENT, ...IN_INVENTORY].map(([point]) => point);
    expect(rows).toEqual(expect.arrayContaining(FAULT_POINTS.filter((point) => point.startsWith('answer.'))));
  });

  it('participants are killed: what was decided is done, what was not is undone', async () => {
    await shop.start({
      payment: { TCC_FAULTS: faults(IN_PAYMENT, 'payment.authorize', IN_INVENTORY.length) },
      inventory: { TCC_FAULTS: faults(IN_INVENTORY, 'inventory.reserve') },
      shop: PATIENT,
    });
    await orders(IN_INVENTORY, 'bob', 20, shop.part('inventory'));
    await orders(IN_PAYMENT, 'alice', 1, shop.part('payment'));
    await Promise.all([shop.part('payment').kill(), shop.part('inventory').kill()]);
    await Promise.all([shop.restart('payment'), shop.restart('inventory')]);
    expect(await outcomes()).toEqual(expected);
  });

  it('the initiator is killed while participants stand there, which nobody wakes up', async () => {
    await shop.start({
      payment: { TCC_FAULTS: faults(IN_PAYMENT, 'payment.authorize', IN_INVENTORY.length) },
      inventory: { TCC_FAULTS: faults(IN_INVENTORY, 'inventory.reserve') },
      shop: PATIENT,
    });
    await orders(IN_INVENTORY, 'bob', 20, shop.part('inventory'));
    await orders(IN_PAYMENT, 'alice', 1, shop.part('payment'));
    await shop.part('shop').kill();
    await shop.restart('shop');
    expect(await outcomes()).toEqual(expected);
  });

  it('the initiator is killed before it sends and when it has been answered', async () => {
    const both = [
      faults(CALLING_INVENTORY, 'inventory.reserve'),
      faults(CALLING_PAYMENT, 'payment.authorize', CALLING_INVENTORY.length),
    ];
    await shop.start({ shop: { ...PATIENT, TCC_FAULTS: both.join(',') } });
    const initiator = shop.part('shop');
    await orders(CALLING_INVENTORY, 'bob', 20, initiator);
    await orders(CALLING_PAYMENT, 'alice', 1, initiator, CALLING_INVENTORY.length);
    await initiator.kill();
    await shop.restart('shop');
    expect(await outcomes()).toEqual(expected);
  });
});
