import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '../../support/eventually.js';

const run = promisify(execFile);
const STARTS_WITHIN_MS = 90_000;

/** A broker that Debian has a package of. */
export interface Broker {
  /** Name of the package and of the command that starts it. */
  readonly command: string;
  /** Where it listens when it runs as a service. */
  readonly port: number;
  /** How to start one of one's own. */
  readonly start: (port: number, folder: string) => { command: string; args: string[]; env?: NodeJS.ProcessEnv };
}

async function listens(port: number): Promise<void> {
  const socket = net.connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

const doesListen = (port: number): Promise<boolean> =>
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
  await installed(command);
  await run('service', [command, 'start']).catch(() => undefined);
  await eventually(() => listens(port), STARTS_WITHIN_MS);
}

async function installed(command: string): Promise<void> {
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

/** A broker of one test's own, that can be killed and started again on the same port. */
export class OwnBroker {
  private child: ChildProcess | undefined;

  private constructor(
    private readonly broker: Broker,
    readonly port: number,
    private readonly folder: string,
  ) {}

  static async start(broker: Broker, port: number): Promise<OwnBroker> {
    if (process.getuid?.() === 0) await installed(broker.command);
    const own = new OwnBroker(broker, port, await mkdtemp(join(tmpdir(), 'tcc-broker-')));
    try {
      await own.start();
    } catch (error) {
      await own.close();
      throw error;
    }
    return own;
  }

  async start(): Promise<void> {
    const { command, args, env } = this.broker.start(this.port, this.folder);
    // a group of its own: some start as a script that starts the broker
    this.child = spawn(command, args, { stdio: 'ignore', detached: true, env: { ...process.env, ...env } });
    await eventually(() => listens(this.port), STARTS_WITHIN_MS);
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child?.pid === undefined || child.exitCode !== null) return;
    const exit = once(child, 'exit');
    process.kill(-child.pid, 'SIGKILL');
    await exit;
    await eventually(async () => {
      if (await doesListen(this.port)) throw new Error(`${this.broker.command} still listens on ${this.port}`);
    });
  }

  async close(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
