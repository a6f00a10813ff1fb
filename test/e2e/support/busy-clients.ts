import { setTimeout as pause } from 'node:timers/promises';
import { ShopClient, type Answer } from '../../../apps/storefront/src/demo/shop-client.js';
import type { Done, Errand } from './clients.js';

type Said = Answer<{ orderId?: string; xid?: string; code?: string }>;

const ASKS_AGAIN_AFTER_MS = 300;
const PATIENCE_MS = 90_000;

/** What may be asked again: a part is away, or the answer of an earlier attempt is still owed. */
const mayAskAgain = ({ status, body }: Said): boolean => status >= 500 || body.code === 'TCC_IN_PROGRESS';

/**
 * Runs errands from so many clients at a time; each asks until its order is confirmed or refused by the shop itself.
 *
 * @param onDone told of each errand that has come to its end
 * @returns every answer that anybody got
 */
export async function runUntilAnswered(
  errands: readonly Errand[],
  clients: number,
  url: string,
  onDone: () => void,
): Promise<Done[]> {
  const waiting = [...errands];
  const heard: Done[] = [];
  const shop = new ShopClient(url);
  const run = async (errand: Errand): Promise<void> => {
    const headers: Record<string, string> = errand.key === undefined ? {} : { 'idempotency-key': errand.key };
    for (const giveUpAt = performance.now() + PATIENCE_MS; ; await pause(ASKS_AGAIN_AFTER_MS)) {
      const answer: Said = await shop.post(errand.path, errand.body, headers);
      heard.push({ errand, answer });
      if (!mayAskAgain(answer)) return;
      if (performance.now() > giveUpAt) throw new Error(`no end of ${JSON.stringify({ errand, answer })}`);
    }
  };
  const client = async (): Promise<void> => {
    for (let errand = waiting.shift(); errand; errand = waiting.shift()) {
      await run(errand);
      onDone();
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return heard;
}
