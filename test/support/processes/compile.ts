import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { transformSync } from '@swc/core';

/** What a child process may load: sources of the libraries, as packages, of the test support and of the soak. */
const TREES = [
  { from: 'libs/tcc/src', to: 'node_modules/nestjs-tcc' },
  { from: 'libs/tcc-testing/src', to: 'node_modules/nestjs-tcc-testing' },
  { from: 'test/support', to: 'test/support' },
  { from: 'test/soak', to: 'test/soak' },
] as const;

/** Inside the repository, so that packages are found as usual; ignored by git and jest like every `dist`. */
const HOME = 'dist/processes';
/** Nothing runs from a folder for so long. */
const KEPT_MS = 3_600_000;

/**
 * Compiles what child processes run, once per state of the sources, and gives the folder. Not the built library: a test
 * run after a change and without a build would test yesterday's code and pass.
 */
export function compileForProcesses(): string {
  const sources = TREES.flatMap(({ from, to }) =>
    readdirSync(from, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .sort()
      .map((file) => ({ to: join(to, file.replace(/ts$/, 'js')), code: readFileSync(join(from, file), 'utf8') })),
  );
  const digest = createHash('sha256');
  for (const { to, code } of sources) digest.update(`${to}\0${code}\0`);
  const folder = join(HOME, digest.digest('hex').slice(0, 16));
  if (existsSync(folder)) return folder;

  mkdirSync(HOME, { recursive: true });
  for (const old of readdirSync(HOME)) {
    if ((statSync(join(HOME, old), { throwIfNoEntry: false })?.mtimeMs ?? 0) < Date.now() - KEPT_MS)
      rmSync(join(HOME, old), { recursive: true, force: true });
  }
  const fresh = mkdtempSync(join(HOME, '.fresh-'));
  for (const { to, code } of sources) write(join(fresh, to), compile(to, code));
  for (const { to } of TREES) {
    const isPackage = to.startsWith('node_modules/');
    write(join(fresh, to, 'package.json'), JSON.stringify({ type: 'module', ...(isPackage && { main: 'index.js' }) }));
  }
  try {
    renameSync(fresh, folder);
  } catch {
    // another worker was faster: the same sources give the same folder
    rmSync(fresh, { recursive: true });
  }
  return folder;
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

/** As jest does, see jest.config.js. */
const compile = (filename: string, code: string): string =>
  transformSync(code, {
    filename,
    swcrc: false,
    sourceMaps: 'inline',
    module: { type: 'es6' },
    jsc: {
      target: 'es2022',
      keepClassNames: true,
      parser: { syntax: 'typescript', decorators: true },
      transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
    },
  }).code;
