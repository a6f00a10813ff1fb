import { chmodSync, mkdirSync, mkdtempSync, readlinkSync, rmdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { canEnter, type RunAs } from './run-as.js';

/** Root may write here, everybody may enter. */
const ELSEWHERE = '/var/lib/nestjs-tcc';

/**
 * The folder itself where the server's user may enter it. Else (root, in a repository below its own 0700 home) a place
 * below `/var/lib/nestjs-tcc`, to which the link `elsewhere` in the folder points: without the folder it is forgotten.
 *
 * @throws Error when that place cannot be entered either
 */
export function reachableFolder(folder: string, user: RunAs): string {
  if (canEnter(folder, user)) return folder;
  const link = join(folder, 'elsewhere');
  const place = linkedPlace(link) ?? makePlace(link);
  mkdirSync(place, { recursive: true });
  if (canEnter(place, user)) return place;
  throw new Error(
    `User "${user.name}", as whom PostgreSQL runs because it refuses to run as root, may enter neither ${folder} ` +
      `(or a folder above it) nor ${place}: choose a dataDir that others may enter, run as another user, or set DATABASE_URL.`,
  );
}

function linkedPlace(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined;
  }
}

function makePlace(link: string): string {
  mkdirSync(ELSEWHERE, { recursive: true, mode: 0o755 });
  const place = mkdtempSync(join(ELSEWHERE, 'data-'));
  chmodSync(place, 0o755);
  try {
    symlinkSync(place, link);
    return place;
  } catch (error) {
    rmdirSync(place);
    const winner = linkedPlace(link); // of two first starts
    if (winner === undefined) throw error;
    return winner;
  }
}
