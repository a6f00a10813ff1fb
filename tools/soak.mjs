// npm run soak: compiles the soak as the child processes of tests are compiled, from the sources of this moment, and
// runs it. What compiles is TypeScript itself, hence the first step.
import { mkdirSync, rmSync, writeFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { transformSync } from '@swc/core';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));
const source = 'test/support/processes/compile.ts';
const { code } = transformSync(readFileSync(source, 'utf8'), {
  filename: source,
  swcrc: false,
  module: { type: 'es6' },
  jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
});
mkdirSync('dist', { recursive: true });
const compiler = `dist/compile-${process.pid}.mjs`;
writeFileSync(compiler, code);
let folder;
try {
  const { compileForProcesses } = await import(pathToFileURL(compiler).href);
  folder = compileForProcesses();
} finally {
  rmSync(compiler);
}
await import(pathToFileURL(join(folder, 'test/soak/soak.main.js')).href);
