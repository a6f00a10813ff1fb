import { randomUUID } from 'node:crypto';
import { BackendCpu } from './backend-cpu.mjs';
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
 * @param {string} url of that ledger
 * @param {0 | 1000} due
 * @returns {Promise<{ ms: number, cpuMs: number | undefined }[]>} from call to answer, and how much of it was spent working
 *   by this process and the server: what a machine of its own would need, but for the disk
 */
export async function timeClaims(ledger, url, due) {
  if (due > 0) await decideAndDie(ledger, due, { leaseMs: 0 });
  const cpu = await BackendCpu.of(url);
  const took = [];
  for (let run = -WARM_UP; run < RUNS; run++) {
    const before = { own: process.cpuUsage(), server: cpu.milliseconds() };
    const { ms, claimed } = await claim(ledger);
    const { user, system } = process.cpuUsage(before.own);
    const server = cpu.milliseconds();
    const cpuMs = server === undefined ? undefined : (user + system) / 1_000 + server - before.server;
    if (claimed.length !== Math.min(due, LIMIT)) throw new Error(`claimed ${claimed.length} of ${due} due`);
    if (run >= 0) took.push({ ms, cpuMs });
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
