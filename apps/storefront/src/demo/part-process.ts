import { spawn, type ChildProcess } from 'node:child_process';
import type { ShopPart } from '../../../shared/src/process/shop-parts.js';

/** How to start a part of the shop, or all of it, as a process of its own. */
export interface PartProcessOptions {
  readonly part: ShopPart;
  /** Path of the built `main.js`. */
  readonly entry: string;
  /** What it is to find in its environment besides ours. */
  readonly env: Readonly<Record<string, string>>;
  /** Kills it, also while it starts. */
  readonly signal?: AbortSignal;
}

/** A part of the shop that runs as a process of its own. */
export interface PartProcess {
  readonly part: ShopPart;
  /** Where it listens; of one behind a broker, the broker's. */
  readonly url: string;
  readonly pid: number;
  /** What it has written to stderr. */
  errors(): string;
  /** Resolves when it stands at a fault of `TCC_FAULTS`, or at so many. */
  paused(times?: number): Promise<void>;
  /** SIGKILL. Resolves when it is dead. May be called twice. */
  kill(): Promise<void>;
  /** SIGTERM. @returns its exit code, when it has ended */
  stop(): Promise<number | null>;
}

const LISTENING = /^(?:shop|inventory|payment) listening on (\S+)$/m;
const paused = (times: number): RegExp => new RegExp(`(?:^tcc fault: paused at [^]*?){${times}}`, 'm');

/** Starts one, on a free port unless `env` says otherwise. @throws when it ends before it serves */
export async function spawnPart({ part, entry, env, signal }: PartProcessOptions): Promise<PartProcess> {
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, PORT: '0', TCC_FAULTS: '', SHOP_TRANSPORT: '', SHOP_STOPS_WITH_PARENT: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    killSignal: 'SIGKILL',
    ...(signal === undefined ? {} : { signal }),
  });
  child.on('error', () => undefined); // that it was killed is told by its end
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const errors = collect(child, 'stderr');
  const output = collect(child, 'stdout');
  const failed = ended.then(() => {
    throw new Error(`${part} ended: ${errors.text()}`);
  });
  failed.catch(() => undefined);
  const [, url] = await Promise.race([output.match(LISTENING), failed]);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    await ended;
    return child.exitCode;
  };
  return {
    part,
    url: url!,
    pid: child.pid!,
    errors: () => errors.text(),
    paused: async (times = 1) => {
      await Promise.race([errors.match(paused(times)), failed]);
    },
    kill: async () => {
      await end('SIGKILL');
    },
    stop: () => end('SIGTERM'),
  };
}

interface Collected {
  text(): string;
  /** Resolves when what was written matches. */
  match(pattern: RegExp): Promise<RegExpExecArray>;
}

function collect(child: ChildProcess, name: 'stdout' | 'stderr'): Collected {
  let text = '';
  const stream = child[name]!.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const match = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve) => {
      const look = (): void => {
        const found = pattern.exec(text);
        if (!found) return;
        stream.off('data', look);
        resolve(found);
      };
      stream.on('data', look);
      look();
    });
  return { text: () => text, match };
}
