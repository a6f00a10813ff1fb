// npm run bench:scale -- <study> [--option value]: what happens when there is much of something. See README.md here.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startPostgres } from 'nestjs-tcc-testing';
import { describeMachine } from '../report/machine.mjs';
import { createDatabases } from '../server/databases.mjs';

/** What each study takes, with its default. */
const STUDIES = {
  filled: { load: () => import('./filled.mjs'), takes: { settled: 5_000_000, rounds: 8, seconds: 4, series: 5 } },
  overdue: { load: () => import('./overdue.mjs'), takes: { overdue: 10_000, seconds: 6, passes: 2 } },
  memory: { load: () => import('./memory.mjs'), takes: { transactions: 1_000_000, sample: 50_000, concurrency: 128 } },
  slow: { load: () => import('./slow.mjs'), takes: { rounds: 3, seconds: 22, calls: 64 } },
  purge: { load: () => import('./purge.mjs'), takes: { settled: 300_000, rounds: 6, seconds: 5 } },
};
const RESULTS = join(import.meta.dirname, '..', 'results');

const [study, ...rest] = process.argv.slice(2);
if (!(study in STUDIES)) {
  const list = Object.entries(STUDIES).map(([name, { takes }]) => {
    const flags = Object.entries(takes).map(([option, value]) => `--${option} ${value}`);
    return `  ${name.padEnd(8)} ${flags.join(' ')}`;
  });
  console.error(`npm run bench:scale -- <study>, with what it takes by default:\n${list.join('\n')}`);
  process.exit(2);
}
const flags = Object.fromEntries(Object.keys(STUDIES[study].takes).map((name) => [name, { type: 'string' }]));
const { values } = parseArgs({ args: rest, options: flags });
const options = { ...STUDIES[study].takes };
for (const [name, value] of Object.entries(values)) options[name] = Number(value);

const { run } = await STUDIES[study].load();
const server = await startPostgres({
  settings: ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on', 'max_wal_size=8GB', 'max_connections=300'],
});
try {
  const { urls, drop } = await createDatabases(server.url);
  try {
    const figures = await run({ urls, server, options });
    const machine = await describeMachine(server);
    mkdirSync(RESULTS, { recursive: true });
    const file = join(RESULTS, `scale-${study}.json`);
    writeFileSync(file, `${JSON.stringify({ machine, options, figures }, undefined, 2)}\n`);
    console.log(file);
  } finally {
    await drop();
  }
} finally {
  await server.stop();
}
