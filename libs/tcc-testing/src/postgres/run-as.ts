import { spawnSync } from 'node:child_process';

/** The operating system user that PostgreSQL runs as. Without ids: the one we run as. */
export interface RunAs {
  readonly name: string;
  readonly ids: { readonly uid: number; readonly gid: number } | Record<string, never>;
}

const idOf = (flag: '-u' | '-g', user: string): number | undefined => {
  const answer = spawnSync('id', [flag, user], { encoding: 'utf8' });
  return answer.status === 0 ? Number(answer.stdout) : undefined;
};

/**
 * PostgreSQL refuses to run as root: there it runs as `postgres` or else `nobody`. No user is created.
 *
 * @throws Error when we are root and neither exists
 */
export function chooseUser(): RunAs {
  if (process.getuid?.() !== 0) return { name: 'the current user', ids: {} };
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid !== undefined && gid !== undefined) return { name, ids: { uid, gid } };
  }
  throw new Error(
    'Running as root, which PostgreSQL refuses, and neither user "postgres" nor "nobody" exists to run it as: ' +
      'create one of them, run as another user, or set DATABASE_URL.',
  );
}

/** Whether that user may enter a folder, all folders above it included. */
export function canEnter(folder: string, user: RunAs): boolean {
  if (!('uid' in user.ids)) return true;
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], { ...user.ids, cwd: '/' }).status === 0;
}
