import { baseOf } from '../modes/modes.mjs';
import { median } from './statistics.mjs';

/** What is compared with the base. */
export const RATIOS = {
  throughput: (figures) => figures.throughput,
  cpu: (figures) => figures.cpu.total,
  p50: (figures) => figures.answered.p50,
  p99: (figures) => figures.answered.p99,
};

const of = (points, mode, concurrency) =>
  points.filter((point) => point.mode === mode && point.concurrency === concurrency);

const pairRatios = (point, what) =>
  point.pairs.map(({ figures, base }) => RATIOS[what](figures) / RATIOS[what](base)).filter(Number.isFinite);

/**
 * A figure of a mode over that of its base, for every pair of slices that followed each other.
 *
 * @param {keyof typeof RATIOS} what
 * @returns {number[]}
 */
export const ratiosOf = (points, mode, concurrency, what) =>
  of(points, mode, concurrency).flatMap((point) => pairRatios(point, what));

/**
 * The same for two modes that have the same base but were not measured in turn: by their ratios to it, in each round.
 *
 * @returns {number[]}
 */
export function ratiosBetween(points, [mode, other], concurrency, what) {
  if (baseOf(mode) !== baseOf(other)) throw new TypeError(`${mode} and ${other} have no common base`);
  return of(points, mode, concurrency).flatMap((point) => {
    const theirs = of(points, other, concurrency).find(({ round }) => round === point.round);
    return theirs ? [median(pairRatios(point, what)) / median(pairRatios(theirs, what))] : [];
  });
}
