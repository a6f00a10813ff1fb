import fc from 'fast-check';
import { ShopClient } from '../../apps/storefront/src/demo/shop-client.js';
import type { PartProcess } from '../../apps/storefront/src/demo/part-process.js';
import { arbitraryRequest, type Known } from './support/arbitrary-requests.js';
import { sendRaw, type RawAnswer } from './support/raw-http.js';
import { expectConsistent } from './support/settled.js';
import { shopDatabases } from './support/shop-databases.js';
import { ShopProcesses } from './support/shop-processes.js';

const databases = shopDatabases();
const shops = new ShopProcesses();
let shop: PartProcess;
let known: Known;

beforeAll(async () => {
  shop = await shops.start(databases.env);
  const client = new ShopClient(shop.url);
  const order = { customer: 'alice', items: [{ sku: 'book', quantity: 1 }] };
  const carts: string[] = [];
  const orders: string[] = [];
  for (let made = 0; made < 5; made++) {
    carts.push((await client.post<{ id: string }>('/carts')).body.id);
    orders.push((await client.post<{ orderId: string }>('/orders', order)).body.orderId);
  }
  known = { carts, orders };
});

afterAll(async () => {
  await shops.end();
  await databases.drop();
});

/** What is wrong with an answer; undefined: nothing. */
function complaint({ status, text }: RawAnswer, method: string): string | undefined {
  if (status >= 500 && status !== 503) return `${status} ${text}`;
  if (status < 400 || method === 'HEAD') return undefined;
  const body = JSON.parse(text) as { code?: unknown; message?: unknown };
  const isWhole = typeof body.code === 'string' && body.code !== '' && typeof body.message === 'string';
  return isWhole ? undefined : `${status} without code or message: ${text}`;
}

describe('whatever is sent', () => {
  it('is answered below 500 or with 503, each refusal with a code, and the books stay right', async () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 31);
    const statuses = new Map<number, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryRequest(known), { minLength: 1, maxLength: 6 }), async (requests) => {
        const answers = await Promise.all(requests.map((request) => sendRaw(shop.url, request)));
        for (const { status } of answers) statuses.set(status, (statuses.get(status) ?? 0) + 1);
        expect(answers.flatMap((answer, index) => complaint(answer, requests[index]!.method) ?? [])).toEqual([]);
      }),
      { seed, numRuns: Number(process.env['FUZZ_RUNS'] ?? 400) },
    );
    process.stderr.write(`seed ${seed}: ${JSON.stringify(Object.fromEntries(statuses))}\n`);
    expect([...statuses.keys()]).toEqual(expect.arrayContaining([200, 201, 400, 404, 409]));
    expect(await new ShopClient(shop.url).get('/health')).toMatchObject({ status: 200, body: { status: 'ok' } });
    expect(shop.errors()).not.toMatch(/INTERNAL_ERROR|unhandled/i);
    const { orders } = await expectConsistent(databases.server);
    expect(orders.length).toBeGreaterThan(known.orders.length);
  });
});
