// npm run bench: transfers between two databases, by hand and with coordinators. See bench/README.md.
import { readFileSync } from 'node:fs';
import { rewriteDocs } from './report/docs.mjs';
import { print, reportOf, save } from './report/results.mjs';
import { measureAll } from './run/measure-all.mjs';
import { readOptions } from './run/options.mjs';

const options = readOptions(process.argv.slice(2));
if ('help' in options) console.log(options.help);
else {
  const run = options.from ? JSON.parse(readFileSync(options.from, 'utf8')) : await measureAll(options);
  const report = await reportOf(run);
  print(report);
  save(report, options.out);
  if (run.failures.length > 0) {
    console.error(`Failed:\n${run.failures.join('\n')}`);
    process.exitCode = 1;
  } else if (options.docs) await rewriteDocs(report);
}
