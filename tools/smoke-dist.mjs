// Jest compiles with swc; this looks at what tsc emitted: both builds of each library load and export the same names,
// one class object serves ES modules and CommonJS alike, and the built shop answers.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const require = createRequire(import.meta.url);

for (const lib of ['tcc', 'tcc-testing']) {
  const esm = await import(pathToFileURL(resolve(`libs/${lib}/dist/esm/index.js`)).href);
  const cjs = require(resolve(`libs/${lib}/dist/cjs/index.js`));
  const names = (module) =>
    Object.keys(module)
      .filter((name) => name !== '__esModule' && name !== 'default')
      .sort()
      .join();
  if (names(esm) !== names(cjs)) throw new Error(`the two builds of ${lib} export different names`);
  console.log(`${lib}: both builds load, ${names(esm).split(',').length} exports`);
}

const imported = await import('nestjs-tcc');
if (require('nestjs-tcc').Tcc !== imported.Tcc) throw new Error('import and require give two copies of Tcc');

const { startPostgres } = await import('nestjs-tcc-testing');
const postgres = await startPostgres();
const shop = spawn(process.execPath, ['dist/apps/storefront/src/main.js'], {
  env: { ...process.env, DATABASE_URL: postgres.url, PORT: '0' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const url = await new Promise((found, failed) => {
    let output = '';
    shop.stdout.setEncoding('utf8').on('data', (chunk) => {
      output += chunk;
      const match = /http:\/\/\S+/.exec(output);
      if (match) found(match[0]);
    });
    shop.once('exit', (code) => failed(new Error(`the built shop ended with ${code}\n${output}`)));
  });
  const answer = await fetch(`${url}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customer: 'alice', items: [{ sku: 'book', quantity: 1 }] }),
  });
  if (answer.status !== 201) throw new Error(`the built shop answered ${answer.status}: ${await answer.text()}`);
  console.log('shop:', await answer.json());
} finally {
  shop.removeAllListeners('exit');
  const gone = new Promise((resolve) => shop.once('exit', resolve));
  shop.kill('SIGTERM');
  await gone;
  await postgres.stop();
}
