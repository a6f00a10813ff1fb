import { mismatches, takeStock } from '../server/check.mjs';
import { reset } from '../server/reset.mjs';
import { figuresOf } from './figures.mjs';
import { WorkerProcess } from './process.mjs';

/** Seconds of load before a slice counts. */
const RAMP = 0.5;

/** Seconds of a slice that count. */
const SLICE = 2;

/**
 * Measures a mode against its base: two processes work in turn, A B B A A B …, so that what disturbs the machine for
 * longer than a few seconds disturbs both. Starts fresh, and checks what they did.
 *
 * @param {{ order: import('./process.mjs').Order, base: string, seconds: number, warmUp: number }} point
 * @throws when a transfer failed or the databases do not hold what was counted
 */
export async function measurePoint({ order, base, seconds, warmUp }) {
  await reset(order.urls);
  const stock = await takeStock(order.urls);
  const workers = [new WorkerProcess({ ...order, mode: base }), new WorkerProcess(order)];
  try {
    // one after the other: both may set up the same tables
    for (const worker of workers) await worker.start();
    const length = lengthFor(await warm(workers, warmUp));
    const slices = [[], []];
    for (const at of turns(Math.max(1, Math.round(seconds / length.seconds))))
      slices[at].push(await workers[at].slice(length));
    let transfers = 0;
    for (const worker of workers) transfers += await worker.end();
    const wrong = await mismatches(order.urls, stock, transfers);
    if (wrong.length > 0) throw new Error(`${order.mode} at ${order.concurrency}: ${wrong.join('; ')}`);
    const [theirs, ours] = slices;
    const pairs = ours.map((slice, index) => ({ figures: figuresOf([slice]), base: figuresOf([theirs[index]]) }));
    return { figures: figuresOf(ours), base: figuresOf(theirs), pairs };
  } finally {
    for (const worker of workers) worker.kill();
  }
}

/** @returns the longer p50 of the two, in seconds */
async function warm(workers, warmUp) {
  let p50 = 0;
  for (const worker of workers) {
    const { answered } = figuresOf([await worker.slice({ ramp: warmUp / 2, seconds: warmUp / 2 })]);
    p50 = Math.max(p50, answered.p50 / 1_000);
  }
  return p50;
}

/**
 * All callers begin at once and would end at once: a slice spans several transfers of each, and they have drifted apart
 * before it counts.
 */
const lengthFor = (p50) => ({ ramp: Math.max(RAMP, 2 * p50), seconds: Math.max(SLICE, 6 * p50) });

/** 0 1 1 0 0 1 …: each of two `count` times. */
const turns = (count) => Array.from({ length: count }, (_, pair) => (pair % 2 === 0 ? [0, 1] : [1, 0])).flat();
