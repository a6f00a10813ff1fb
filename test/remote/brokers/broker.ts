import { execFile } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { promisify } from 'node:util';
import { eventually } from '../../support/eventually.js';

const run = promisify(execFile);
export const STARTS_WITHIN_MS = 90_000;

export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** A broker that Debian has a package of. */
export interface Broker {
  /** Name of the package and of the command that starts it. */
  readonly command: string;
  /** Where it listens when it runs as a service. */
  readonly port: number;
  /** How to start one of one's own. Asked anew for each start. */
  readonly start: (port: number, folder: string) => Start | Promise<Start>;
}

export async function listens(port: number): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

export const doesListen = (port: number): Promise<boolean> =>
  listens(port).then(
    () => true,
    () => false,
  );

/**
 * Makes sure that the broker runs: what is there is used, else Debian's package is installed and started. What runs then
 * is left running.
 *
 * @throws Error that says what is missing
 */
export async function ensureBroker({ command, port }: Broker): Promise<void> {
  if (await doesListen(port)) return;
  const missing = `nothing listens on 127.0.0.1:${port}, and only root can install ${command}: start it, or run this as root on Debian`;
  if (process.getuid?.() !== 0) throw new Error(missing);
  await ensureInstalled(command);
  await run('service', [command, 'start']).catch(() => undefined);
  await eventually(() => listens(port), STARTS_WITHIN_MS);
}

/** Installs the package of a command that there is not. */
export async function ensureInstalled(command: string): Promise<void> {
  if (
    await run('which', [command]).then(
      () => true,
      () => false,
    )
  )
    return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { env });
  await run('apt-get', ['install', '-y', '--no-install-recommends', command], { env });
}
