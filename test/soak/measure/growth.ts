import type { Verdict } from '../checker/check.js';
import { Check } from '../checker/check.js';
import { LEDGER_CONNECTIONS, POOL } from '../world/topology.js';
import { trendOf, type Trend } from './trend.js';
import type { ConnectionSample, Sample } from './watch.js';

/** Before, caches and compiled code are still growing. */
const WARM_UP_SHARE = 0.25;
const WARM_UP_MS = 60_000;
/** Too few samples, or too short a time, to call a slope growth. */
const SHORTEST_MS = 4 * 60_000;
/** A leak of a hundred bytes a transaction is far above this. */
const MOST_KIB_PER_MINUTE = 128;

/** Of what is not compiled code. */
export interface HeapGrowth {
  readonly kibPerMinute: Trend;
  readonly bytesPerOrder: Trend;
  readonly firstMib: number;
  readonly lastMib: number;
  /** Compiled code, at first and at last. */
  readonly codeMib: readonly [number, number];
  /** Which time it is about. */
  readonly fromMs: number;
  readonly toMs: number;
}

export function heapGrowth(samples: readonly Sample[]): HeapGrowth | undefined {
  const lastAt = samples.at(-1)?.atMs ?? 0;
  const from = Math.min(WARM_UP_MS, lastAt * WARM_UP_SHARE);
  const warm = samples.filter(({ atMs }) => atMs >= from);
  const [first, last] = [warm[0], warm.at(-1)];
  if (!first || !last) return undefined;
  const data = ({ measure }: Sample): number => measure.heapBytes - measure.codeBytes;
  const mib = (bytes: number): number => Math.round((bytes / 2 ** 20) * 100) / 100;
  return {
    kibPerMinute: trendOf(warm.map((sample) => [sample.atMs / 60_000, data(sample) / 1024])),
    bytesPerOrder: trendOf(warm.map((sample) => [sample.measure.answered, data(sample)])),
    firstMib: mib(data(first)),
    lastMib: mib(data(last)),
    codeMib: [mib(first.measure.codeBytes), mib(last.measure.codeBytes)],
    fromMs: first.atMs,
    toMs: last.atMs,
  };
}

/** The heap of an instance that lives long does not grow. A run that is too short shows nothing, and says so. */
export function heapIsFlat(growth: HeapGrowth | undefined): Verdict {
  const check = new Check('heap flat');
  if (growth && growth.toMs - growth.fromMs >= SHORTEST_MS) {
    const { slope, uncertainty } = growth.kibPerMinute;
    check.that(slope - uncertainty <= MOST_KIB_PER_MINUTE, () => ({
      what: `it grows by ${slope.toFixed(0)} ± ${uncertainty.toFixed(0)} KiB a minute`,
    }));
  }
  return check.verdict();
}

const limitOf = (application: string): number => (application.endsWith('/ledger') ? LEDGER_CONNECTIONS : POOL);

/** When nothing is under way any more: no application has more connections than its pools, and none is in a transaction. */
export function connectionsFit({ backends, idleInTransaction }: ConnectionSample): Verdict {
  const check = new Check('connections within their pools, none in a transaction');
  for (const [application, count] of Object.entries(backends)) {
    check.that(count <= limitOf(application), () => ({ what: `${application} has ${count} backends` }));
    const idle = idleInTransaction[application] ?? 0;
    check.that(idle === 0, () => ({ what: `${application} has ${idle} backends idle in a transaction` }));
  }
  return check.verdict();
}

/** Backends of one instance over time, a minute. */
export function connectionGrowth(samples: readonly ConnectionSample[], instance: string): Trend & { most: number } {
  const counts = samples
    .filter(({ complete }) => complete)
    .map(({ atMs, backends }): [number, number] => [
      atMs / 60_000,
      Object.entries(backends).reduce((sum, [name, count]) => sum + (name.startsWith(`${instance}/`) ? count : 0), 0),
    ]);
  return { ...trendOf(counts), most: Math.max(0, ...counts.map(([, count]) => count)) };
}
