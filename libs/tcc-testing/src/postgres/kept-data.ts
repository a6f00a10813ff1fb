import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isAlive } from './is-alive.js';
import { reachableFolder } from './reachable-folder.js';
import type { RunAs } from './run-as.js';

/** Folders of a server whose data outlives it. */
export interface KeptData {
  /** The folder that the caller named, or the one that stands in for it. */
  readonly folder: string;
  /** PostgreSQL's own data folder inside it. */
  readonly data: string;
  /** Says who serves it. */
  readonly note: string;
  /** Where a first start initialises (the keeper makes it); renamed to `data` when complete. undefined: there is data already. */
  readonly fresh: string | undefined;
}

const FRESH = 'initialising-';

/** After this an unfinished initialisation is nobody's. It takes seconds. */
const ABANDONED_MS = 10 * 60_000;

/**
 * Prepares a folder that keeps its data, without touching data that is there.
 *
 * @throws Error when the server's user can get nowhere, or when somebody else's data folder is there
 */
export function prepareKeptData(dataDir: string, user: RunAs): KeptData {
  const named = resolve(dataDir);
  mkdirSync(named, { recursive: true });
  if (existsSync(join(named, 'PG_VERSION'))) {
    throw new Error(
      `${named} is itself a data folder of PostgreSQL, which is left alone: give dataDir a folder of its own.`,
    );
  }
  const folder = reachableFolder(named, user);
  const data = join(folder, 'server');
  removeAbandoned(folder);
  const note = join(folder, 'served-by.json');
  if (existsSync(data)) return { folder, data, note, fresh: undefined };
  const fresh = join(folder, `${FRESH}${process.pid}-${randomBytes(6).toString('hex')}`);
  return { folder, data, note, fresh };
}

/** What an initdb left whose process and keeper were both killed. */
function removeAbandoned(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.startsWith(FRESH)) continue;
    const path = join(folder, name);
    const age = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > ABANDONED_MS || !isAlive(Number(name.slice(FRESH.length).split('-')[0]))) {
      rmSync(path, { recursive: true, force: true });
    }
  }
}
