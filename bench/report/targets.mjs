import { ratiosOf } from './ratios.mjs';
import { median } from './statistics.mjs';
import { RATIOS } from './summary.mjs';

const ratio = (mode, base, concurrency, what) => (points) =>
  ratiosOf(points, { mode, base, concurrency, of: RATIOS[what] });

const figure = (mode, concurrency, of) => (points) =>
  points.filter((point) => point.mode === mode && point.concurrency === concurrency).map(({ figures }) => of(figures));

const commits = ({ ledger }) => ledger.commits;

/** What nestjs-tcc is held to: at least or at most this, as the median of the rounds. */
const TARGETS = [
  { what: 'throughput at 32 ÷ floor', least: 1, of: ratio('tcc', 'floor', 32, 'throughput') },
  { what: 'throughput at 128 ÷ floor', least: 1, of: ratio('tcc', 'floor', 128, 'throughput') },
  { what: 'CPU a transfer at 32 ÷ floor', most: 1.15, of: ratio('tcc', 'floor', 32, 'cpu') },
  { what: 'CPU a transfer at 128 ÷ floor', most: 1.15, of: ratio('tcc', 'floor', 128, 'cpu') },
  { what: 'p50 of the answer at 1 ÷ floor', most: 1.3, of: ratio('tcc', 'floor', 1, 'p50') },
  { what: 'ledger commits a transfer at 32', most: 0.4, of: figure('tcc', 32, commits) },
  { what: 'ledger commits a transfer at 1', most: 3, of: figure('tcc', 1, commits) },
  { what: 'throughput at 32 ÷ DBOS', least: 5, of: ratio('tcc', 'dbos', 32, 'throughput') },
  { what: 'throughput at 32 ÷ Restate', least: 4, of: ratio('tcc', 'restate', 32, 'throughput') },
];

/**
 * Those targets that the points say something about.
 *
 * @returns {{ what: string, target: string, value: number, met: boolean }[]}
 */
export function targets(points) {
  return TARGETS.flatMap(({ what, least, most, of }) => {
    const values = of(points);
    if (values.length === 0) return [];
    const value = median(values);
    const met = (least === undefined || value >= least) && (most === undefined || value <= most);
    return [{ what, target: least === undefined ? `≤ ${most}` : `≥ ${least}`, value, met }];
  });
}
