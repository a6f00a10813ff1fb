import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const FOLDER = import.meta.dirname;
const { resolve } = createRequire(import.meta.url);

/** Loads a package of this folder. */
export const load = (name) => import(pathToFileURL(resolve(name)).href);

/** Where a file of a package of this folder is. */
export const locate = (file) => resolve(file);

/** Whether the packages are there. */
export const areInstalled = () => existsSync(`${FOLDER}/node_modules`);

/**
 * Installs the packages where they are missing.
 *
 * @returns {string | undefined} why they cannot be had
 */
export function install() {
  if (areInstalled()) return undefined;
  console.error('Installing what only the bench needs (300 MB) in bench/peers: npm ci');
  const shell = process.platform === 'win32';
  const { status, error } = spawnSync('npm', ['ci'], { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'], shell });
  return status === 0 ? undefined : `npm ci in bench/peers failed (${error?.message ?? status})`;
}
