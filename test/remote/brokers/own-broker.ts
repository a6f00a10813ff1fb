import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually } from '../../support/eventually.js';
import { doesListen, ensureInstalled, STARTS_WITHIN_MS, type Broker } from './broker.js';

const LOOK_AGAIN_MS = 20;
const LAST_WORDS = 2_000;

/** A broker of one test's own, that can be killed and started again on the same port. */
export class OwnBroker {
  private child: ChildProcess | undefined;
  private lastWords = '';

  private constructor(
    private readonly broker: Broker,
    readonly port: number,
    private readonly folder: string,
  ) {}

  static async start(broker: Broker, port: number): Promise<OwnBroker> {
    if (process.getuid?.() === 0) await ensureInstalled(broker.command);
    const own = new OwnBroker(broker, port, await mkdtemp(join(tmpdir(), 'tcc-broker-')));
    try {
      await own.start();
    } catch (error) {
      await own.close();
      throw error;
    }
    return own;
  }

  /** Starts it again when it ends before it listens, which it does when it finds a port taken. @throws with its last words */
  async start(): Promise<void> {
    const giveUpAt = performance.now() + STARTS_WITHIN_MS;
    await this.spawn();
    while (!(await doesListen(this.port))) {
      if (performance.now() > giveUpAt)
        throw new Error(`${this.broker.command} does not listen on ${this.port}: ${this.lastWords}`);
      if (this.hasEnded) await this.spawn();
      await pause(LOOK_AGAIN_MS);
    }
  }

  /** SIGKILL. */
  async kill(): Promise<void> {
    const { child } = this;
    if (child?.pid === undefined || this.hasEnded) return;
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

  private get hasEnded(): boolean {
    const { child } = this;
    return child === undefined || child.exitCode !== null || child.signalCode !== null;
  }

  private async spawn(): Promise<void> {
    const { command, args, env } = await this.broker.start(this.port, this.folder);
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      // a group of its own: some start as a script that starts the broker
      detached: true,
      // where it leaves what it dumps
      cwd: this.folder,
      env: { ...process.env, ...env },
    });
    for (const output of [child.stdout, child.stderr])
      output.setEncoding('utf8').on('data', (text: string) => {
        this.lastWords = `${this.lastWords}${text}`.slice(-LAST_WORDS);
      });
    await once(child, 'spawn');
    this.child = child;
  }
}
