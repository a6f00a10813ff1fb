import type pg from 'pg';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Listens on a channel until stopped, over a connection of its own that it opens again when it is lost. Nothing here
 * is ever an error for the caller: what it delivers is a hint, and polling finds the work without it.
 */
export class ReleaseListener {
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private stopped = false;
  /** The attempt to connect that is under way. */
  private connecting: Promise<void> = Promise.resolve();

  constructor(
    private readonly connect: () => Promise<pg.Client>,
    private readonly channel: string,
    private readonly listener: () => void,
  ) {}

  /** Resolves after the first attempt, successful or not. */
  start(): Promise<void> {
    this.connecting = this.listen();
    return this.connecting;
  }

  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.retry);
    await this.connecting;
    await this.client?.end().catch(() => undefined);
  }

  private async listen(): Promise<void> {
    try {
      const client = await this.connect();
      this.client = client;
      client.on('end', () => this.listenAgain());
      client.on('notification', () => this.listener());
      await client.query(`listen ${client.escapeIdentifier(this.channel)}`);
      this.pauseMs = FIRST_PAUSE_MS;
    } catch {
      if (this.client === undefined) this.listenAgain();
      // Its 'end' leads to the next attempt.
      else await this.client.end().catch(() => undefined);
    }
  }

  private listenAgain(): void {
    this.client = undefined;
    if (this.stopped) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.start(), this.pauseMs * (0.5 + Math.random() / 2));
    this.retry.unref();
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
