// Whether a process that runs a million transactions keeps anything of them.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { writeHeapSnapshot } from 'node:v8';
import { defineParticipant, defineTry } from 'nestjs-tcc';
import { startApp } from './app.mjs';
import { slopeOf } from './slope.mjs';

const WARM_UP_SAMPLES = 3;
/** A machine that stands still for a while must not end a study that takes so long. */
const PATIENT = { timeout: '10m', ledgerTimeout: '2m', lease: '10m' };
/** The last settlements are written behind their callers' backs. */
const SETTLES_MS = 500;

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
  const folder = mkdtempSync(join(tmpdir(), 'tcc-memory-'));
  const file = join(folder, 'now.heapsnapshot');
  try {
    // Until the compiler has done with it, and what is made once has been made.
    await upTo(WARM_UP_SAMPLES * sample);
    await heap(file);
    count = 0;
    // made before, as it must not grow itself
    const samples = Math.ceil(transactions / sample) + 1;
    const heaps = {
      at: new Float64Array(samples),
      program: new Float64Array(samples),
      engine: new Float64Array(samples),
    };
    const startedAt = performance.now();
    for (let index = 0; index < samples; index++) {
      if (index > 0) await upTo(Math.min(transactions, count + sample));
      const { program, engine } = await heap(file);
      heaps.at[index] = count;
      heaps.program[index] = program;
      heaps.engine[index] = engine;
      const perSecond = count / ((performance.now() - startedAt) / 1_000);
      const told = [program, engine].map((bytes) => (bytes / 1_024).toFixed(1).padStart(9));
      console.log(`${String(count).padStart(9)}  program ${told[0]} KiB, V8 ${told[1]} KiB  ${perSecond.toFixed(0)}/s`);
    }
    const points = Array.from(heaps.at, (at, index) => ({
      transactions: at,
      program: heaps.program[index],
      engine: heaps.engine[index],
    }));
    const slopes = {};
    for (const whose of ['program', 'engine'])
      slopes[whose] = slopeOf(points.map((point) => [point.transactions, point[whose]]));
    for (const [whose, { slope, standardError }] of Object.entries(slopes)) {
      const flat = Math.abs(slope) < 2 * standardError;
      console.log(
        `${whose.padEnd(7)} ${slope.toFixed(4)} bytes a transaction, standard error ${standardError.toFixed(4)}: ` +
          (flat ? 'indistinguishable from zero' : 'NOT zero'),
      );
    }
    return { points, slopes };
  } finally {
    rmSync(folder, { recursive: true });
    await app.stop();
  }
}

/** Bytes of what can be reached once nothing is under way any more; a snapshot collects first. */
async function heap(file) {
  await pause(SETTLES_MS);
  writeHeapSnapshot(file);
  const kinds = fileURLToPath(new URL('heap-kinds.mjs', import.meta.url));
  return JSON.parse(execFileSync(process.execPath, [kinds, file], { encoding: 'utf8' }));
}
