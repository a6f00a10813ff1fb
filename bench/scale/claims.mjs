import { randomUUID } from 'node:crypto';
import { SERVICE } from './app.mjs';
import { decideAndDie } from './overdue-work.mjs';

/** How many transactions are due before each claim, and how many it takes. */
export const DUE = 1_000;
export const LIMIT = 100;

const RUNS = 50;
/** Until the statements are planned for good. */
const WARM_UP = 10;

/**
 * A series of claims as recovery makes them. What each has claimed is settled behind it, and as many others fall due.
 *
 * @param {import('nestjs-tcc').LedgerPort} ledger that nobody else recovers from
 * @param {0 | 1000} due
 * @returns {Promise<number[]>} milliseconds
 */
export async function timeClaims(ledger, due) {
  if (due > 0) await decideAndDie(ledger, due, { leaseMs: 0 });
  const took = [];
  for (let run = -WARM_UP; run < RUNS; run++) {
    const { ms, claimed } = await claim(ledger);
    if (claimed.length !== Math.min(due, LIMIT)) throw new Error(`claimed ${claimed.length} of ${due} due`);
    if (run >= 0) took.push(ms);
    if (due > 0) {
      await settle(ledger, claimed);
      await decideAndDie(ledger, LIMIT, { leaseMs: 0 });
    }
  }
  for (let { claimed } = await claim(ledger); claimed.length > 0; { claimed } = await claim(ledger))
    await settle(ledger, claimed);
  return took;
}

async function claim(ledger) {
  const request = { service: SERVICE, owner: `bench:${randomUUID()}`, leaseMs: 600_000, limit: LIMIT, except: [] };
  const from = performance.now();
  const claimed = await ledger.claim(request);
  return { ms: performance.now() - from, claimed };
}

async function settle(ledger, claimed) {
  const settles = claimed.map(({ xid, owner, epoch }) => ({ xid, owner, epoch, seqs: [1, 2] }));
  await ledger.flush({ begins: [], registers: [], decides: [], settles });
}
