/** A number as wide as it is worth. */
function figure(value) {
  if (value === undefined || Number.isNaN(value)) return '–';
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

const ratio = (of) =>
  of === undefined ? '–' : `${of.median.toFixed(2)} (${of.lower.toFixed(2)}–${of.upper.toFixed(2)})`;
const three = ({ p50, p95, p99 }) => [p50, p95, p99].map(figure).join(' / ');
const percent = (share) => `${(share * 100).toFixed(0)}%`;

/** What the table shows, in its order. `id` is for those who show fewer. */
export const COLUMNS = [
  { id: 'concurrency', head: 'at a\ntime', of: ({ concurrency }) => String(concurrency) },
  { id: 'mode', head: 'mode', text: true, of: ({ mode }) => mode },
  { id: 'throughput', head: 'tx/s', of: ({ throughput }) => figure(throughput) },
  { id: 'throughputRatio', head: 'throughput\n÷ floor', of: (row) => ratio(row.ratio.throughput) },
  { id: 'cpuRatio', head: 'CPU a tx\n÷ floor', of: (row) => ratio(row.ratio.cpu) },
  { id: 'p50Ratio', head: 'p50\n÷ floor', of: (row) => ratio(row.ratio.p50) },
  { id: 'answered', head: 'answer, ms\np50 / p95 / p99', of: ({ answered }) => three(answered) },
  { id: 'settled', head: 'settled, ms\np50 / p95 / p99', of: ({ settled }) => three(settled) },
  {
    id: 'cpu',
    head: 'CPU µs: Node\n+ Postgres + peer',
    of: ({ cpu }) => [cpu.node, cpu.postgres, ...(cpu.peer === undefined ? [] : [cpu.peer])].map(figure).join(' + '),
  },
  { id: 'roundTrips', head: 'round\ntrips', of: ({ participants }) => figure(participants.roundTrips) },
  {
    id: 'ledger',
    head: 'ledger: statements\n/ commits / trips',
    of: ({ ledger }) => [ledger.statements, ledger.commits, ledger.roundTrips].map(figure).join(' / '),
  },
  { id: 'commits', head: 'other\ncommits', of: ({ participants }) => figure(participants.commits) },
  { id: 'walSyncs', head: 'fsyncs', of: ({ walSyncs }) => figure(walSyncs) },
  { id: 'walBytes', head: 'WAL\nbytes', of: ({ walBytes }) => figure(walBytes) },
  {
    id: 'disturbance',
    head: 'CPU of\nothers',
    of: ({ disturbance }) => (disturbance === undefined ? '–' : percent(disturbance.others + disturbance.stolen)),
  },
];

/** Some of the columns, in the order given. */
export const columns = (...ids) => ids.map((id) => COLUMNS.find((column) => column.id === id));
