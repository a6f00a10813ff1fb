// Builds each library twice: dist/esm and dist/cjs, each with its own "type" marker.
// Output goes to a folder beside it first and is swapped in, so that a process that runs the old build never sees half of one.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

for (const folder of process.argv.slice(2)) {
  const lib = resolve(folder);
  const fresh = mkdtempSync(join(lib, '.dist-'));
  // mkdtemp makes it the owner's alone, and what is built may be run by another user
  chmodSync(fresh, 0o755);
  for (const [kind, type] of [
    ['esm', 'module'],
    ['cjs', 'commonjs'],
  ]) {
    const args = ['tools/tsc.mjs', '-p', join(lib, `tsconfig.${kind}.json`), '--outDir', join(fresh, kind)];
    const built = spawnSync(process.execPath, args, { stdio: 'inherit' });
    if (built.status !== 0) {
      rmSync(fresh, { recursive: true, force: true });
      process.exit(built.status ?? 1);
    }
    writeFileSync(join(fresh, kind, 'package.json'), `${JSON.stringify({ type })}\n`);
  }
  const dist = join(lib, 'dist');
  const old = `${fresh}-old`;
  if (existsSync(dist)) renameSync(dist, old);
  renameSync(fresh, dist);
  rmSync(old, { recursive: true, force: true });
}
