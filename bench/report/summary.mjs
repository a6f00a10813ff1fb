import { baseOf, MODES } from '../modes/modes.mjs';
import { RATIOS, ratiosOf } from './ratios.mjs';
import { median, spread } from './statistics.mjs';

/** Median of every figure, however deep it stands. */
function medians(all) {
  const [first] = all;
  if (first === undefined) return undefined;
  if (typeof first === 'number') return median(all);
  return Object.fromEntries(Object.keys(first).map((key) => [key, medians(all.map((each) => each[key]))]));
}

const spreadOf = (values) => (values.length > 0 ? spread(values) : undefined);

/**
 * One row for each mode and concurrency: medians over the rounds, and the spread of its ratios to its base.
 *
 * @param {object[]} points as measured
 */
export function summarize(points) {
  const concurrencies = [...new Set(points.map(({ concurrency }) => concurrency))].toSorted((a, b) => a - b);
  return concurrencies.flatMap((concurrency) => {
    const here = points.filter((point) => point.concurrency === concurrency);
    return Object.keys(MODES).flatMap((mode) => {
      const asMode = here.filter((point) => point.mode === mode).map(({ figures }) => figures);
      const asBase = here.filter((point) => baseOf(point.mode) === mode).map(({ base }) => base);
      if (asMode.length + asBase.length === 0) return [];
      const ratio = Object.keys(RATIOS).map((what) => [what, spreadOf(ratiosOf(points, mode, concurrency, what))]);
      const figures = medians([...asMode, ...asBase]);
      return [{ mode, concurrency, base: baseOf(mode), ...figures, ratio: Object.fromEntries(ratio) }];
    });
  });
}

/**
 * What the ratios are uncertain by: those of the floor to itself, where that was measured, and how much of the machine
 * others used.
 */
export function noiseOf(points) {
  const floors = points.filter(({ mode }) => mode === 'floor').map(({ concurrency }) => concurrency);
  const itself = (what) => spreadOf([...new Set(floors)].flatMap((each) => ratiosOf(points, 'floor', each, what)));
  const others = points
    .flatMap(({ pairs }) => pairs.flatMap(({ figures, base }) => [figures.disturbance, base.disturbance]))
    .filter(Boolean)
    .map(({ others: share, stolen }) => share + stolen);
  return { throughput: itself('throughput'), cpu: itself('cpu'), others: spreadOf(others) };
}
