import { mismatches, takeStock } from '../server/check.mjs';
import { reset } from '../server/reset.mjs';
import { figuresOf } from './figures.mjs';
import { WorkerProcess } from './process.mjs';

/** Seconds of load before a slice counts. */
const RAMP = 0.5;

/** Seconds of a slice that count. */
const SLICE = 2;

/** Seconds of warm-up between two looks at how far it is. */
const WARM_UP_STEP = { ramp: 1, seconds: 1 };

/** Seconds, however few transfers that are. */
const WARM_UP_AT_MOST = 20;

/**
 * Measures a mode against its base, and against another one where that is told: a process each, which work in turn,
 * A B B A A B …, so that what disturbs the machine for longer than a few seconds disturbs all. Starts fresh, and checks
 * what they did.
 *
 * @param {{ order: import('./process.mjs').Order, base: string, against?: string, seconds: number, warmUp: number }} point
 * @throws when a transfer failed or the databases do not hold what was counted
 */
export async function measurePoint({ order, base, against, seconds, warmUp }) {
  await reset(order.urls);
  const stock = await takeStock(order.urls);
  const modes = [base, order.mode, ...(against === undefined ? [] : [against])];
  const workers = modes.map((mode) => new WorkerProcess({ ...order, mode }));
  try {
    // one after the other: both may set up the same tables
    for (const worker of workers) await worker.start();
    const length = lengthFor(await warm(workers, warmUp));
    const slices = workers.map(() => []);
    for (const at of turns(workers, Math.max(1, Math.round(seconds / length.seconds))))
      slices[at].push(await workers[at].slice(length));
    let transfers = 0;
    for (const worker of workers) transfers += await worker.end();
    const wrong = await mismatches(order.urls, stock, transfers);
    if (wrong.length > 0) throw new Error(`${order.mode} at ${order.concurrency}: ${wrong.join('; ')}`);
    const [theirs, ours, others] = slices;
    const pairs = ours.map((slice, index) => ({
      figures: figuresOf([slice]),
      base: figuresOf([theirs[index]]),
      ...(others && { against: figuresOf([others[index]]) }),
    }));
    return { figures: figuresOf(ours), base: figuresOf(theirs), pairs };
  } finally {
    for (const worker of workers) worker.kill();
  }
}

/**
 * Until each has done so many transfers: V8 compiles what it has seen often, not what it has seen for long, and a mode
 * with more code to compile would be measured half compiled where transfers are rare.
 *
 * @returns the longest p50 at the end, in seconds
 */
async function warm(workers, transfers) {
  let p50 = 0;
  for (const worker of workers) {
    const giveUpAt = performance.now() + WARM_UP_AT_MOST * 1_000;
    let last;
    for (let done = 0; done < transfers && performance.now() < giveUpAt; done += last.transfers)
      last = await worker.slice(WARM_UP_STEP);
    p50 = Math.max(p50, figuresOf([last]).answered.p50 / 1_000);
  }
  return p50;
}

/**
 * All callers begin at once and would end at once: a slice spans several transfers of each, and they have drifted apart
 * before it counts.
 */
const lengthFor = (p50) => ({ ramp: Math.max(RAMP, 2 * p50), seconds: Math.max(SLICE, 6 * p50) });

/** 0 1 1 0 0 1 …: the place of each `count` times. */
function turns(workers, count) {
  const places = [...workers.keys()];
  return Array.from({ length: count }, (_, turn) => (turn % 2 === 0 ? places : places.toReversed())).flat();
}
