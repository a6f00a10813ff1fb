// npm run bench: transfers between two databases, by hand and with coordinators. See bench/README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startPostgres } from 'nestjs-tcc-testing';
import { describeMachine } from './report/machine.mjs';
import { summarize } from './report/summary.mjs';
import { terminalTable } from './report/table.mjs';
import { readOptions } from './run/options.mjs';
import { measurePoint } from './run/point.mjs';
import { interleaved } from './run/rounds.mjs';
import { createDatabases } from './server/databases.mjs';

const DURABLE = ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on'];

const options = readOptions(process.argv.slice(2));
if ('help' in options) {
  console.log(options.help);
  process.exit(0);
}

const server = await startPostgres({ settings: DURABLE });
const { urls, drop } = await createDatabases(server.url);
const { seconds, warmUp, poolSize } = options;
const points = [];
try {
  for (const { round, mode, concurrency } of interleaved(options)) {
    const order = { mode, concurrency, seconds, warmUp, poolSize, urls, postgresPid: server.pid };
    const figures = await measurePoint(order);
    points.push({ round, mode, concurrency, figures });
    console.error(
      `round ${round}  ${String(concurrency).padStart(3)} at a time  ${mode}: ${figures.throughput.toFixed(0)}/s`,
    );
  }
  const summary = summarize(points);
  console.log(terminalTable(summary));
  mkdirSync(options.out, { recursive: true });
  const file = join(options.out, 'transfer.json');
  const machine = await describeMachine(server);
  writeFileSync(file, `${JSON.stringify({ machine, options, summary, points }, undefined, 2)}\n`);
  console.log(file);
} finally {
  await drop();
  await server.stop();
}
