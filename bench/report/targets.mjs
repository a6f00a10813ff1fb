import { ratiosAgainst, ratiosOf } from './ratios.mjs';
import { median } from './statistics.mjs';

const toFloor = (concurrency, what) => (points) => ratiosOf(points, 'tcc', concurrency, what);

const toPeer = (peer) => (points) => ratiosAgainst(points, peer, 32, 'throughput');

const figure = (mode, concurrency, of) => (points) =>
  points.filter((point) => point.mode === mode && point.concurrency === concurrency).map(({ figures }) => of(figures));

const commits = ({ ledger }) => ledger.commits;

/** What nestjs-tcc is held to: at least or at most this, as a median. */
const TARGETS = [
  { what: 'throughput at 32 ÷ floor', least: 1, of: toFloor(32, 'throughput') },
  { what: 'throughput at 128 ÷ floor', least: 1, of: toFloor(128, 'throughput') },
  { what: 'CPU a transfer at 32 ÷ floor', most: 1.15, of: toFloor(32, 'cpu') },
  { what: 'CPU a transfer at 128 ÷ floor', most: 1.15, of: toFloor(128, 'cpu') },
  { what: 'p50 of the answer at 1 ÷ floor', most: 1.3, of: toFloor(1, 'p50') },
  { what: 'ledger commits a transfer at 32', most: 0.4, of: figure('tcc', 32, commits) },
  { what: 'ledger commits a transfer at 1', most: 3, digits: 1, of: figure('tcc', 1, commits) },
  { what: 'throughput at 32 ÷ DBOS', least: 5, of: toPeer('dbos') },
  { what: 'throughput at 32 ÷ Restate', least: 4, of: toPeer('restate') },
];

/**
 * Those targets that the points say something about.
 *
 * @returns {{ what: string, target: string, value: number, met: boolean }[]}
 */
export function targets(points) {
  return TARGETS.flatMap(({ what, least, most, of, digits = 2 }) => {
    const values = of(points);
    if (values.length === 0) return [];
    // with one caller commits to a tenth: the recovery loop's look at the ledger once a second is among them
    const value = Number(median(values).toFixed(digits));
    const met = (least === undefined || value >= least) && (most === undefined || value <= most);
    return [{ what, target: least === undefined ? `≤ ${most}` : `≥ ${least}`, value, met }];
  });
}
