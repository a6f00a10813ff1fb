import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import pg from 'pg';
import type { PostgresOptions } from 'nestjs-tcc-testing';

/** A process of its own that has started a PostgreSQL and then waits. */
export interface PostgresOwner {
  readonly ownerPid: number;
  readonly serverPid: number;
  readonly url: string;
  /** SIGKILL, and resolves when it is dead. What it owned may still be on its way out. */
  kill(): Promise<void>;
}

const LIBRARY = pathToFileURL('libs/tcc-testing/dist/esm/postgres/index.js').href;

const SCRIPT = `
const { startPostgres } = await import(${JSON.stringify(LIBRARY)});
const { url, pid } = await startPostgres(JSON.parse(process.argv[1]));
process.stdout.write(JSON.stringify({ url, pid }) + '\\n');
setInterval(() => {}, 1e9);
`;

/** A child that runs `startPostgres`; `started` resolves when the server is ready. */
export function spawnOwner(
  options: PostgresOptions,
  how: { readonly uid?: number; readonly gid?: number; readonly env?: NodeJS.ProcessEnv } = {},
): { readonly pid: number; readonly started: Promise<PostgresOwner>; kill(): Promise<void> } {
  const args = ['--input-type=module', '-e', SCRIPT, JSON.stringify({ ignoreDatabaseUrl: true, ...options })];
  const child = spawn(process.execPath, args, { ...how, stdio: ['ignore', 'pipe', 'pipe'] });
  const pid = child.pid ?? 0;
  const exit = once(child, 'exit');
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exit;
  };
  const started = new Promise<PostgresOwner>((resolve, reject) => {
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes('\n')) return;
      const said = JSON.parse(text) as { url: string; pid: number };
      resolve({ ownerPid: pid, serverPid: said.pid, url: said.url, kill });
    });
    child.once('close', () => reject(new Error(`the owner ended before its server was ready: ${errors}`)));
  });
  started.catch(() => {}); // whoever waits for it still gets it
  return { pid, started, kill };
}

/** Whether a process is at work. One that ended and still waits to be collected by its parent is not. */
export function isAlive(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout.trim() !== '' && !stdout.startsWith('Z');
}

/** The user that a process runs as. */
export const userOf = (pid: number): string =>
  spawnSync('ps', ['-o', 'user=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();

/** Resolves when a condition holds; fails after ten seconds. */
export async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const giveUpAt = performance.now() + 10_000; performance.now() < giveUpAt; await pause(10)) {
    if (await holds()) return;
  }
  throw new Error(`not within ten seconds: ${what}`);
}

/** Runs statements on one connection and gives the rows of the last one. */
export async function query(url: string, ...statements: string[]): Promise<readonly Record<string, unknown>[]> {
  const client = new pg.Client(url);
  await client.connect();
  try {
    let rows: readonly Record<string, unknown>[] = [];
    for (const statement of statements) rows = (await client.query<Record<string, unknown>>(statement)).rows;
    return rows;
  } finally {
    await client.end();
  }
}
