import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chart } from './chart.mjs';
import { noiseOf, summarize } from './summary.mjs';
import { terminalTable } from './table.mjs';
import { targets } from './targets.mjs';

/**
 * Everything that is said of a run.
 *
 * @param {{ machine: object, options: object, points: object[] }} run
 */
export async function reportOf(run) {
  const summary = summarize(run.points);
  return {
    ...run,
    summary,
    noise: noiseOf(run.points),
    targets: targets(run.points),
    svg: await chart(summary),
  };
}

const quartiles = (of) => `${of.median.toFixed(2)} (${of.lower.toFixed(2)}–${of.upper.toFixed(2)})`;
const percent = (share) => `${(share * 100).toFixed(0)}%`;

/** How noisy a run was, in words. */
export function noiseText({ throughput, cpu, others }) {
  const noise = [];
  if (throughput) noise.push(`The floor against itself: throughput ${quartiles(throughput)}`);
  if (cpu) noise.push(`CPU ${quartiles(cpu)}`);
  const machine = others ? `Others used ${percent(others.median)} of the CPU, at worst ${percent(others.max)}.` : '';
  return `${noise.length > 0 ? `${noise.join(', ')}. ` : ''}${machine}`;
}

/** To the terminal. */
export function print({ summary, noise, targets: held }) {
  console.log(terminalTable(summary));
  console.log(noiseText(noise));
  for (const { what, target, value, met } of held)
    console.log(`${met ? 'met    ' : 'missed '} ${what}: ${value} (${target})`);
}

/** To files, whose names it prints. */
export function save({ svg, ...report }, folder) {
  mkdirSync(folder, { recursive: true });
  const write = (name, text) => {
    writeFileSync(join(folder, name), text);
    console.log(join(folder, name));
  };
  write('transfer.json', `${JSON.stringify(report, undefined, 2)}\n`);
  if (svg) write('transfer.svg', svg);
  else console.log('No chart: it needs the packages of bench/peers (npm ci there, or a run with DBOS and Restate).');
}
