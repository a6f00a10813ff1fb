import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { columns } from './columns.mjs';
import { noiseText } from './results.mjs';
import { markdownTable } from './table.mjs';

const DOCUMENT = 'docs/performance.md';
const CHART = 'docs/assets/performance.svg';
const BLOCK = /(<!-- figures -->\n)[^]*(<!-- end of figures -->)/;

const SPEED = columns(
  'concurrency',
  'mode',
  'throughput',
  'throughputRatio',
  'cpuRatio',
  'p50Ratio',
  'answered',
  'settled',
);
const COST = columns('concurrency', 'mode', 'cpu', 'roundTrips', 'ledger', 'commits', 'walSyncs', 'walBytes');

/** What was measured on what, in words. */
function conditions({ machine, options }) {
  const { at, node, os, cores, memoryGiB, postgres } = machine;
  return (
    `Measured on ${at.slice(0, 10)}: ${cores} cores, ${memoryGiB} GiB, ${os}, Node ${node.slice(1)}, ` +
    `PostgreSQL ${postgres.server_version.split(' ')[0]}; ${options.rounds} ${options.rounds === 1 ? 'round' : 'rounds'} of ` +
    `${options.seconds} s for each mode, and as much for what it is compared with.`
  );
}

/**
 * Rewrites the figures and the chart of the documentation.
 *
 * @param {Awaited<ReturnType<typeof import('./results.mjs').reportOf>>} report
 */
export async function rewriteDocs(report) {
  const held = [
    '| nestjs-tcc | target | measured | |\n| --- | --- | ---: | --- |',
    ...report.targets.map(
      ({ what, target, value, met }) => `| ${what} | ${target} | ${value} | ${met ? 'met' : 'missed'} |`,
    ),
  ].join('\n');
  const figures = [
    conditions(report),
    noiseText(report.noise),
    held,
    markdownTable(SPEED, report.summary),
    markdownTable(COST, report.summary),
  ].join('\n\n');
  const text = readFileSync(DOCUMENT, 'utf8');
  if (!BLOCK.test(text)) throw new Error(`${DOCUMENT} has no block of figures`);
  const rewritten = text.replace(BLOCK, (_, begin, end) => `${begin}\n${figures}\n\n${end}`);
  writeFileSync(DOCUMENT, await format(rewritten, { ...(await resolveConfig(DOCUMENT)), parser: 'markdown' }));
  mkdirSync('docs/assets', { recursive: true });
  if (report.svg) writeFileSync(CHART, report.svg);
  console.log(DOCUMENT);
}
