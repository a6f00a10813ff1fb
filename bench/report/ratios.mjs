/** What is compared with the base. */
export const RATIOS = {
  throughput: (figures) => figures.throughput,
  cpu: (figures) => figures.cpu.total,
  p50: (figures) => figures.answered.p50,
  p99: (figures) => figures.answered.p99,
};

const pairsOf = (points, mode, concurrency) =>
  points.filter((point) => point.mode === mode && point.concurrency === concurrency).flatMap(({ pairs }) => pairs);

/**
 * A figure of a mode over that of its base, for every pair of slices that followed each other.
 *
 * @param {keyof typeof RATIOS} what
 * @returns {number[]}
 */
export const ratiosOf = (points, mode, concurrency, what) =>
  pairsOf(points, mode, concurrency)
    .map(({ figures, base }) => RATIOS[what](figures) / RATIOS[what](base))
    .filter(Number.isFinite);

/**
 * What a mode was measured against, over that mode, in the same way.
 *
 * @returns {number[]} as {@link ratiosOf}
 */
export const ratiosAgainst = (points, mode, concurrency, what) =>
  pairsOf(points, mode, concurrency).flatMap(({ figures, against }) =>
    against ? [RATIOS[what](against) / RATIOS[what](figures)] : [],
  );
