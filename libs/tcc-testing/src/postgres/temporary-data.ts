import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canEnter, type RunAs } from './run-as.js';

/** Folders of a server whose data goes with it. The keeper makes them: made here, a kill in between would leave them. */
export interface TemporaryData {
  /** Deleted as a whole. */
  readonly work: string;
  readonly data: string;
}

/** A new place below the temporary folder that the server's user can reach. */
export function planTemporaryData(user: RunAs): TemporaryData {
  // As root TMPDIR may lie where no other user can go.
  const base = [tmpdir(), '/tmp', '/var/tmp'].find((folder) => canEnter(folder, user)) ?? tmpdir();
  const work = join(base, `tcc-pg-${randomBytes(6).toString('hex')}`);
  return { work, data: join(work, 'data') };
}
