import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './is-alive.js';
import type { KeptData } from './kept-data.js';

/** Who serves a folder, as its keeper noted. */
interface Note {
  readonly server: number;
  readonly keeper: number;
  readonly owner: number;
}

const read = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
};

const serverOf = (kept: KeptData): number => Number((read(join(kept.data, 'postmaster.pid')) ?? '').split('\n')[0]);

/** The note, when it is about the server that holds the folder now. */
function noteOf(kept: KeptData): Note | undefined {
  const text = read(kept.note);
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as Note;
    return note.server === serverOf(kept) ? note : undefined;
  } catch {
    return undefined; // being written
  }
}

/**
 * Stops a server that nobody will stop any more, because its owner and its keeper were both killed. A server whose
 * owner lives is left alone.
 */
export function stopOrphan(kept: KeptData): void {
  const note = noteOf(kept);
  if (note === undefined || isAlive(note.keeper) || isAlive(note.owner)) return;
  try {
    process.kill(note.server, 'SIGINT');
  } catch {
    // It ended meanwhile.
  }
}

/** For the error of a start that waited in vain. */
export function describeHolder(kept: KeptData): string {
  const note = noteOf(kept);
  const server = serverOf(kept);
  if (note !== undefined) return `PostgreSQL (pid ${note.server}) started by process ${note.owner}`;
  if (server > 0) return `pid ${server}, which its postmaster.pid names`;
  return 'a PostgreSQL that is stopping or starting';
}
