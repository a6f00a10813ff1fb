import { baseOf, MODES } from '../modes/modes.mjs';
import { ratiosOf } from './ratios.mjs';
import { median, spread } from './statistics.mjs';

/** CPU of everything that took part, a transfer, in microseconds. Undefined where Postgres' is not known. */
export const cpuOf = ({ node, postgres, peer = 0 }) => (postgres === undefined ? undefined : node + postgres + peer);

/** What is compared with the base of the same round. */
export const RATIOS = {
  throughput: (figures) => figures.throughput,
  cpu: (figures) => cpuOf(figures.cpu),
  p50: (figures) => figures.answered.p50,
  p99: (figures) => figures.answered.p99,
};

/** Median over the rounds of every figure, however deep it stands. */
function medians(all) {
  const [first] = all;
  if (first === undefined) return undefined;
  if (typeof first === 'number') return median(all);
  return Object.fromEntries(Object.keys(first).map((key) => [key, medians(all.map((each) => each[key]))]));
}

/**
 * One row for each mode and concurrency: medians over the rounds, and ratios to the base within each round.
 *
 * @param {{ round: number, mode: string, concurrency: number, figures: object }[]} points
 */
export function summarize(points) {
  const concurrencies = [...new Set(points.map(({ concurrency }) => concurrency))].toSorted((a, b) => a - b);
  return concurrencies.flatMap((concurrency) =>
    Object.keys(MODES).flatMap((mode) => {
      const rounds = points.filter((point) => point.mode === mode && point.concurrency === concurrency);
      if (rounds.length === 0) return [];
      const base = baseOf(mode);
      const ratio = Object.entries(RATIOS).map(([name, of]) => {
        const values = ratiosOf(points, { mode, base, concurrency, of });
        return [name, values.length > 0 ? spread(values) : undefined];
      });
      const figures = medians(rounds.map((point) => point.figures));
      return [{ mode, concurrency, base, rounds: rounds.length, ...figures, ratio: Object.fromEntries(ratio) }];
    }),
  );
}

/**
 * How far apart the rounds are, and how much of the machine others used.
 *
 * @param {ReturnType<typeof summarize>} summary
 */
export function noiseOf(points, summary) {
  const compared = summary.filter(({ mode, base, ratio }) => mode !== base && ratio.throughput);
  const spreads = (what) =>
    compared
      .map(({ ratio }) => ratio[what])
      .filter(Boolean)
      .map(({ median: middle, min, max }) => (max - min) / middle);
  const others = points
    .map(({ figures }) => figures.disturbance)
    .filter(Boolean)
    .map(({ others: share, stolen }) => share + stolen);
  const of = (values) => (values.length > 0 ? spread(values) : undefined);
  return { throughput: of(spreads('throughput')), cpu: of(spreads('cpu')), others: of(others) };
}
