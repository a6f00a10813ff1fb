/** A straight line through points, by least squares. */
export interface Trend {
  readonly points: number;
  /** Per unit of x. */
  readonly slope: number;
  /** Half of the slope's 95 % confidence interval; Infinity where there are too few points. */
  readonly uncertainty: number;
}

/** Quantile 0.975 of Student's t by degrees of freedom from 1; beyond the table nearly that of the last one. */
const T = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36, 2.31, 2.26, 2.23, 2.2, 2.18, 2.16, 2.14, 2.13, 2.12, 2.11, 2.1];

export function trendOf(points: readonly (readonly [x: number, y: number])[]): Trend {
  const n = points.length;
  if (n < 3) return { points: n, slope: 0, uncertainty: Infinity };
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / n;
  const [meanX, meanY] = [mean(points.map(([x]) => x)), mean(points.map(([, y]) => y))];
  let [sxx, sxy] = [0, 0];
  for (const [x, y] of points) {
    sxx += (x - meanX) ** 2;
    sxy += (x - meanX) * (y - meanY);
  }
  if (sxx === 0) return { points: n, slope: 0, uncertainty: Infinity };
  const slope = sxy / sxx;
  const residuals = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  const t = T[Math.min(n - 2, T.length) - 1]!;
  return { points: n, slope, uncertainty: t * Math.sqrt(residuals / (n - 2) / sxx) };
}
