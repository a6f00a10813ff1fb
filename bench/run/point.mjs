import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mismatches, takeStock } from '../server/check.mjs';
import { reset } from '../server/reset.mjs';

/**
 * @typedef {object} Order what a worker is told
 * @property {string} mode
 * @property {number} concurrency
 * @property {number} seconds
 * @property {number} warmUp in seconds, not counted
 * @property {number} poolSize connections to each database
 * @property {import('../modes/modes.mjs').Urls} urls
 * @property {number} [postgresPid]
 */

/** For a worker that hangs: beyond its load, in milliseconds. */
const SPARE_MS = 120_000;

/**
 * Measures one point from a fresh start, and checks what it did.
 *
 * @param {Order} order
 * @throws when a transfer failed or the databases do not hold what was counted
 */
export async function measurePoint(order) {
  await reset(order.urls);
  const before = await takeStock(order.urls);
  const { transfers, figures } = await inProcessOfItsOwn(order);
  const wrong = await mismatches(order.urls, before, transfers);
  if (wrong.length > 0) throw new Error(`${order.mode} at ${order.concurrency}: ${wrong.join('; ')}`);
  return figures;
}

async function inProcessOfItsOwn(order) {
  const worker = fork(new URL('worker.mjs', import.meta.url), { serialization: 'advanced' });
  const timer = setTimeout(() => worker.kill('SIGKILL'), (order.warmUp + order.seconds) * 1_000 + SPARE_MS);
  try {
    let answer;
    worker.on('message', (message) => (answer = message));
    worker.send(order);
    const [code, signal] = await once(worker, 'exit');
    const failure = answer?.failure ?? (answer ? undefined : `its process ended with ${signal ?? code}`);
    if (failure !== undefined) throw new Error(`${order.mode} at ${order.concurrency}: ${failure}`);
    return answer.measured;
  } finally {
    clearTimeout(timer);
  }
}
