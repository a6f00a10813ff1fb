import { percentiles } from '../report/statistics.mjs';

/**
 * A closed loop for some time.
 *
 * @param {() => Promise<unknown>} work
 * @param {{ concurrency?: number, seconds: number }} how
 * @returns {Promise<{ perSecond: number, p50: number, p95: number, p99: number }>} what ended within that time
 */
export async function load(work, { concurrency = 32, seconds }) {
  const took = [];
  const startedAt = performance.now();
  const end = startedAt + seconds * 1_000;
  const caller = async () => {
    for (let from = startedAt; from < end; from = performance.now()) {
      await work();
      const now = performance.now();
      if (now <= end) took.push(now - from);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, caller));
  return { perSecond: took.length / seconds, ...percentiles(took) };
}

/** Works without measuring, until everything has been compiled and connected. */
export const warmUp = (work, seconds = 3) => load(work, { seconds });
