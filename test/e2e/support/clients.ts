import { setTimeout as pause } from 'node:timers/promises';
import { ShopClient, type Answer } from '../../../apps/storefront/src/demo/shop-client.js';

/** One thing that a customer does, again after each failure of the network when it has a key. */
export interface Errand {
  readonly path: string;
  readonly body: unknown;
  readonly key: string | undefined;
}

/** What became of an errand. `answer` undefined: the network failed and there was no key to ask again with. */
export interface Done {
  readonly errand: Errand;
  readonly answer: Answer<{ orderId?: string; xid?: string; code?: string }> | undefined;
}

/** The same numbers for the same seed. */
export function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const CUSTOMERS = ['alice', 'alice', 'alice', 'bob'];

/** A mix: single and several lines, what runs out, what cannot be paid, with a key and without. */
export function mixedOrders(count: number, seed: number): Errand[] {
  const next = numbers(seed);
  const quantity = (most: number): number => 1 + next(most);
  const choices = [
    () => [{ sku: 'book', quantity: quantity(3) }],
    () => [{ sku: 'lamp', quantity: quantity(2) }],
    () => [{ sku: 'phone', quantity: 1 }],
    () => [
      { sku: 'phone', quantity: quantity(2) },
      { sku: 'book', quantity: quantity(2) },
    ],
    () => [
      { sku: 'book', quantity: 1 },
      { sku: 'lamp', quantity: 1 },
    ],
  ];
  return Array.from({ length: count }, (_, index) => ({
    path: '/orders',
    body: { customer: CUSTOMERS[next(CUSTOMERS.length)], items: choices[next(choices.length)]!() },
    key: next(2) === 0 ? undefined : `${seed}-${index}`,
  }));
}

/** Runs errands from so many clients at a time. @param shop where the shop is at the moment */
export async function runErrands(
  errands: readonly Errand[],
  clients: number,
  shop: () => Promise<string>,
  onDone: (done: Done) => void,
): Promise<Done[]> {
  const waiting = [...errands];
  const all: Done[] = [];
  const client = async (): Promise<void> => {
    for (let errand = waiting.shift(); errand; errand = waiting.shift()) {
      const done = { errand, answer: await run(errand, shop) };
      all.push(done);
      onDone(done);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return all;
}

const ASK_AGAIN_MS = 200;
const PATIENCE_MS = 40_000;

async function run({ path, body, key }: Errand, shop: () => Promise<string>): Promise<Done['answer']> {
  for (const giveUpAt = performance.now() + PATIENCE_MS; performance.now() < giveUpAt; await pause(ASK_AGAIN_MS)) {
    const client = new ShopClient(await shop());
    const headers: Record<string, string> = key === undefined ? {} : { 'idempotency-key': key };
    const answer = await client.post<{ code?: string }>(path, body, headers).catch(() => undefined);
    const mayAskAgain = key !== undefined && (answer === undefined || answer.body.code === 'TCC_IN_PROGRESS');
    if (!mayAskAgain) return answer;
  }
  throw new Error(`no answer to ${path} under key ${key}`);
}
