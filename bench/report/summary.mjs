import { baseOf, MODES } from '../modes/modes.mjs';
import { median, spread } from './statistics.mjs';

/** CPU of everything that took part, a transfer, in microseconds. Undefined where Postgres' is not known. */
export const cpuOf = ({ node, postgres, peer = 0 }) => (postgres === undefined ? undefined : node + postgres + peer);

/** What is compared with the base of the same round. */
const RATIOS = {
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
  const order = Object.keys(MODES);
  const groups = Map.groupBy
    ? Map.groupBy(points, groupOf)
    : points.reduce((map, point) => map.set(groupOf(point), [...(map.get(groupOf(point)) ?? []), point]), new Map());
  return [...groups.values()]
    .map((group) => {
      const [{ mode, concurrency }] = group;
      const base = baseOf(mode);
      return {
        mode,
        concurrency,
        base,
        rounds: group.length,
        ...medians(group.map(({ figures }) => figures)),
        ratio: ratios(group, points, base),
      };
    })
    .toSorted((a, b) => a.concurrency - b.concurrency || order.indexOf(a.mode) - order.indexOf(b.mode));
}

const groupOf = ({ mode, concurrency }) => `${mode} ${concurrency}`;

function ratios(group, points, base) {
  const pairs = group.flatMap((point) => {
    const found = points.find(
      ({ mode, round, concurrency }) => mode === base && round === point.round && concurrency === point.concurrency,
    );
    return found ? [[point.figures, found.figures]] : [];
  });
  return Object.fromEntries(
    Object.entries(RATIOS).map(([name, of]) => {
      const values = pairs.map(([ours, theirs]) => of(ours) / of(theirs)).filter(Number.isFinite);
      return [name, values.length > 0 ? spread(values) : undefined];
    }),
  );
}
