import { chownSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canEnter, type RunAs } from './run-as.js';

/** Folders of a server whose data goes with it. */
export interface TemporaryData {
  /** Deleted as a whole. */
  readonly work: string;
  readonly data: string;
}

/** A fresh folder below the temporary folder that the server's user owns. */
export function makeTemporaryData(user: RunAs): TemporaryData {
  // As root TMPDIR may lie where no other user can go.
  const base = [tmpdir(), '/tmp', '/var/tmp'].find((folder) => canEnter(folder, user)) ?? tmpdir();
  const work = mkdtempSync(join(base, 'tcc-pg-'));
  const data = join(work, 'data');
  mkdirSync(data, { mode: 0o700 });
  if ('uid' in user.ids) for (const folder of [work, data]) chownSync(folder, user.ids.uid, user.ids.gid);
  return { work, data };
}
