import { spawn } from 'node:child_process';
import { KEEPER_SOURCE } from './keeper-source.js';

/** What a keeper is to do. Crosses a process border: plain data only. */
export interface KeeperOrder {
  /** Runs first. A finished folder is renamed, so that a killed initdb never leaves half of one in place. */
  readonly initdb?: {
    readonly program: string;
    readonly args: readonly string[];
    /** Folders to make first, for the server's user only. */
    readonly make: readonly string[];
    readonly from: string;
    readonly to: string;
  };
  readonly postgres: { readonly program: string; readonly args: readonly string[] };
  readonly ids: Readonly<Record<string, number>>;
  readonly env: Readonly<Record<string, string>>;
  /** Folder that it deletes when it ends; absent: data stay. */
  readonly remove?: string;
  /** File that says who serves a folder; written once the server is ready. */
  readonly note?: string;
  readonly owner: number;
  /** How long a fast shutdown may take before an immediate one, in milliseconds. */
  readonly patienceMs: number;
}

/** A server that is ready, or why there is none. */
export type Kept =
  | { readonly ready: true; readonly pid: number; stop(): Promise<void> }
  | { readonly ready: false; readonly error: string };

/** Starts a keeper and waits until its server is ready or has failed. Where it failed, everything has ended. */
export async function keep(order: KeeperOrder): Promise<Kept> {
  const keeper = spawn(process.execPath, ['-e', KEEPER_SOURCE, JSON.stringify(order)], {
    detached: true, // Ctrl-C reaches the owner only, which may still need the database to shut down in order
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const ended = new Promise<void>((resolve) => {
    keeper.once('exit', () => resolve());
    keeper.once('error', () => resolve());
  });
  keeper.stdin.on('error', () => {}); // it may be gone when we let go of it
  const answer = await new Promise<string>((resolve) => {
    let text = '';
    keeper.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (text.includes('\n')) resolve(text);
    });
    keeper.stdout.on('close', () => resolve(text));
    keeper.once('error', (error) => resolve(JSON.stringify({ error: String(error) })));
  });
  const said = parseAnswer(answer);
  if ('error' in said) {
    await ended;
    return { ready: false, error: said.error };
  }
  // From here on the server must not keep the owner's event loop alive.
  keeper.unref();
  for (const stream of [keeper.stdin, keeper.stdout]) (stream as Partial<{ unref(): void }>).unref?.();
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    keeper.ref();
    keeper.stdin.end();
    return ended;
  };
  return { ready: true, pid: said.pid, stop: () => (stopped ??= stop()) };
}

function parseAnswer(text: string): { readonly pid: number } | { readonly error: string } {
  if (text === '') return { error: 'its keeper process ended without a word' };
  return JSON.parse(text) as { readonly pid: number } | { readonly error: string };
}
