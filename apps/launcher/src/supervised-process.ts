import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';
import { entryOf, type ShopPart } from '../../shared/src/process/shop-parts.js';
import { relay } from './output.js';

/** A process that dies is started again after this, doubling while it dies young. */
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 10_000;
/** Older than this it did not die of its start. */
const GROWN_UP_MS = 10_000;

/** One of the three, started again whenever it dies. */
export class SupervisedProcess {
  /** Resolves when it serves for the first time. @throws when it ends before that: a second start would not help */
  readonly served: Promise<void>;
  private hasServed = false;
  private readonly stopping = new AbortController();
  private child: ChildProcess | undefined;
  private readonly over: Promise<void>;

  constructor(
    private readonly part: ShopPart,
    private readonly env: NodeJS.ProcessEnv,
  ) {
    let serves = (): void => undefined;
    let fails = (_error: Error): void => undefined;
    this.served = new Promise((resolve, reject) => {
      serves = resolve;
      fails = reject;
    });
    this.served.catch(() => undefined);
    this.over = this.keepAlive(serves, fails);
  }

  /** Ends it and resolves when it has ended; it hands over what it is at. */
  async stop(): Promise<void> {
    this.stopping.abort();
    this.child?.kill('SIGTERM');
    await this.over;
  }

  private async keepAlive(serves: () => void, fails: (error: Error) => void): Promise<void> {
    let pauseMs = FIRST_PAUSE_MS;
    const { signal } = this.stopping;
    while (!signal.aborted) {
      const bornAt = performance.now();
      const how = await this.live(() => {
        this.hasServed = true;
        serves();
      });
      if (signal.aborted) return;
      if (!this.hasServed) return fails(new Error(`${this.part} ended (${how}) before it served`));
      if (performance.now() - bornAt > GROWN_UP_MS) pauseMs = FIRST_PAUSE_MS;
      process.stdout.write(`${this.part} ended (${how}) and is started again in ${pauseMs} ms\n`);
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS);
    }
  }

  /** @returns its exit code, or the signal that ended it */
  private live(serves: () => void): Promise<string> {
    const child = spawn(process.execPath, [entryOf(this.part)], {
      env: this.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      // Ctrl-C is for us: the storefront has to end before those that it calls
      detached: true,
    });
    this.child = child;
    process.stdout.write(`${this.part} is process ${child.pid}\n`);
    const listening = `${this.part} listening on `;
    relay(this.part, child.stdout, process.stdout, (line) => line.startsWith(listening) && serves());
    relay(this.part, child.stderr, process.stderr, () => undefined);
    return new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message));
      child.once('close', (code, killedBy) => resolve(killedBy ?? `exit code ${code}`));
    });
  }
}
