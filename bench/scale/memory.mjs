// Whether a process that runs a million transactions keeps anything of them.
import { setTimeout as pause } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { defineParticipant, defineTry } from 'nestjs-tcc';
import { startApp } from './app.mjs';
import { slopeOf } from './slope.mjs';

const WARM_UP_SAMPLES = 3;
/** A machine that stands still for a while must not end a study that takes so long. */
const PATIENT = { timeout: '10m', ledgerTimeout: '2m', lease: '10m' };
/** The last settlements are written behind their callers' backs. */
const SETTLES_MS = 500;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

export async function run({ urls, options: { transactions, sample, concurrency } }) {
  const nothing = () => Promise.resolve();
  const participant = (name) =>
    defineParticipant(
      name,
      { dataSource: false },
      { hold: defineTry({ timeLimit: '5s', try: nothing, confirm: nothing, cancel: nothing }) },
    );
  const [first, second] = [participant('first'), participant('second')];
  const app = await startApp(urls, { options: PATIENT, more: [first, second] });
  const refuse = new Error('refused');
  let count = 0;
  const one = async () => {
    const number = ++count;
    // one in fifty is cancelled, one in fifty has a key: what those keep has to go too
    const key = number % 50 === 1 ? `order-${number}` : undefined;
    await app.tcc
      .run({ name: 'in-process', ...(key && { key }) }, async () => {
        await app.tcc.branch(first, 'hold', number);
        await app.tcc.branch(second, 'hold', number);
        if (number % 50 === 0) throw refuse;
      })
      .catch((error) => {
        if (error !== refuse) throw error;
      });
  };
  const upTo = (target) =>
    Promise.all(
      Array.from({ length: concurrency }, async () => {
        while (count < target) await one();
      }),
    );
  try {
    // Until the compiler has done with it, and what is made once has been made.
    await upTo(WARM_UP_SAMPLES * sample);
    count = 0;
    const points = [];
    const startedAt = performance.now();
    while (count < transactions) {
      points.push({ transactions: count, heapMiB: await heap() });
      const { heapMiB } = points.at(-1);
      const perSecond = count / ((performance.now() - startedAt) / 1_000);
      console.log(`${String(count).padStart(9)}  ${heapMiB.toFixed(3)} MiB  ${perSecond.toFixed(0)}/s`);
      await upTo(Math.min(transactions, count + sample));
    }
    points.push({ transactions: count, heapMiB: await heap() });
    const { slope, standardError } = slopeOf(points.map(({ transactions: n, heapMiB }) => [n, heapMiB * 2 ** 20]));
    const flat = Math.abs(slope) < 2 * standardError;
    console.log(
      `heap after a full collection, ${points.length} samples over ${count} transactions: ` +
        `${slope.toFixed(4)} bytes a transaction, standard error ${standardError.toFixed(4)}: ` +
        (flat ? 'indistinguishable from zero' : 'NOT zero'),
    );
    return { points, slope, standardError, flat };
  } finally {
    await app.stop();
  }
}

/** In MiB, of what can be reached once nothing is under way any more. */
async function heap() {
  await pause(SETTLES_MS);
  for (let turn = 0; turn < 3; turn++) collect();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
