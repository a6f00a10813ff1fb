/** @param {number[]} values not empty */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median and extremes. @param {number[]} values not empty */
export const spread = (values) => ({ median: median(values), min: Math.min(...values), max: Math.max(...values) });

/** By nearest rank. @param {number[]} values */
export function percentiles(values) {
  const sorted = Float64Array.from(values).sort();
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
