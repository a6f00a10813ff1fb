/**
 * Least squares through points.
 *
 * @param {[x: number, y: number][]} points three or more
 * @returns {{ slope: number, standardError: number }} of the slope
 */
export function slopeOf(points) {
  const n = points.length;
  const mean = (index) => points.reduce((sum, point) => sum + point[index], 0) / n;
  const [meanX, meanY] = [mean(0), mean(1)];
  const spread = points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
  const slope = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0) / spread;
  const residual = points.reduce((sum, [x, y]) => sum + (y - meanY - slope * (x - meanX)) ** 2, 0);
  return { slope, standardError: Math.sqrt(residual / (n - 2) / spread) };
}
