import { percentiles } from '../report/statistics.mjs';

/** Adds up what happened, however deep a number stands. Undefined stays undefined. */
function sum(all) {
  const [first] = all;
  if (typeof first !== 'object') return first === undefined ? undefined : all.reduce((a, b) => a + b);
  return Object.fromEntries(Object.keys(first).map((key) => [key, sum(all.map((each) => each[key]))]));
}

const concat = (arrays) => Float64Array.from(arrays.flatMap((array) => [...array]));

/** CPU of everything that took part, in microseconds. Undefined where Postgres' is not known. */
const totalOf = ({ node, postgres, peer = 0 }) => (postgres === undefined ? undefined : node + postgres + peer);

/**
 * What slices of one worker say, per transfer where it is no rate or latency. A transfer counts when it settled in a
 * slice.
 *
 * @param {object[]} slices one or several
 */
export function figuresOf(slices) {
  const answered = concat(slices.map((slice) => slice.answered));
  const settled = concat(slices.map((slice) => slice.settled));
  const { ms, machine, cpu, ...counts } = sum(
    slices.map(({ answered: _a, settled: _s, transfers: _t, ...rest }) => rest),
  );
  const transfers = settled.length;
  if (transfers === 0) throw new Error('no transfer settled while it counted');
  const each = (of) => {
    if (typeof of !== 'object') return of === undefined ? undefined : of / transfers;
    return Object.fromEntries(Object.entries(of).map(([key, value]) => [key, each(value)]));
  };
  return {
    transfers,
    seconds: ms / 1_000,
    throughput: transfers / (ms / 1_000),
    answered: percentiles(answered),
    settled: percentiles(settled),
    cpu: each({ ...cpu, total: totalOf(cpu) }),
    ...each(counts),
    disturbance: disturbance(machine, totalOf(cpu)),
  };
}

/** Shares of the machine that its host took, and that processes took which are no part of the bench. */
function disturbance({ capacity, busy, stolen }, ours) {
  if (busy === undefined || ours === undefined) return undefined;
  return { stolen: stolen / capacity, others: Math.max(0, busy - ours) / capacity };
}
