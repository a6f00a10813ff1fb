// Entry of `npm run soak`, see tools/soak.mjs.
import { utimesSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseOptions } from './options.js';
import { reportLines, summarize } from './report.js';
import { Soak } from './soak.js';
import { describeTransaction } from './world/read-state.js';

const MOST_DESCRIBED = 5;
const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Folders of compiled sources are removed after a while in which nobody used them. */
const keepCompiled = setInterval(() => {
  const now = new Date();
  utimesSync(fileURLToPath(new URL('../..', import.meta.url)), now, now);
}, 60_000).unref();

let starting: Promise<Soak> | undefined;
let stopping: Promise<void> | undefined;
const stop = (): Promise<void> =>
  (stopping ??= (async () => {
    // one that is starting cannot be stopped before it has started, and one that failed to has stopped itself
    const soak = await starting?.catch(() => undefined);
    await soak?.stop();
  })());

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    print(`${signal}: stopping everything`);
    void stop().finally(() => process.exit(130));
  });
}

process.once('uncaughtException', (error) => {
  process.stderr.write(`${error.stack}\n`);
  void stop().finally(() => process.exit(1));
});

async function run(): Promise<boolean> {
  const options = parseOptions(process.argv.slice(2));
  print(
    `soak of ${options.minutes} min, seed ${options.seed} (again: npm run soak -- --minutes ${options.minutes} --seed ${options.seed})`,
  );
  starting = Soak.start(options);
  const soak = await starting;
  const result = await soak.run(print);
  const summary = summarize(result);
  for (const line of reportLines(summary)) print(line);
  for (const { check, what, orderId, xid } of summary.breaches.slice(0, MOST_DESCRIBED)) {
    print(`\nBREACH of '${check}': ${what}${orderId ? ` (${orderId})` : ''}`);
    const about = result.run.events.filter(({ order }) => order.id === orderId);
    for (const event of about)
      print(
        `  ${JSON.stringify(event, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}`,
      );
    if (xid) for (const line of await describeTransaction(soak.world, xid)) print(`  ${line}`);
  }
  if (options.json) writeFileSync(options.json, `${JSON.stringify(summary, null, 2)}\n`);
  return summary.breaches.length === 0;
}

let sound = false;
try {
  sound = await run();
} catch (error) {
  if (!stopping)
    process.stderr.write(`The soak cannot go on: ${error instanceof Error ? error.stack : String(error)}\n`);
}
clearInterval(keepCompiled);
await stop();
process.exit(sound ? 0 : 1);
