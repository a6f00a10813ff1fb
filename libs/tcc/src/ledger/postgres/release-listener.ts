import type pg from 'pg';
import { endClient } from './end-client.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Listens on a channel until stopped, over a connection of its own that it opens again when it is lost. Nothing here
 * is ever an error for the caller: what it delivers is a hint, and polling finds the work without it.
 */
export class ReleaseListener {
  private client: pg.Client | undefined;
  private retry: NodeJS.Timeout | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private pauseMs = FIRST_PAUSE_MS;
  private stopped = false;
  /** The attempt to connect that is under way. */
  private connecting: Promise<void> = Promise.resolve();

  constructor(
    private readonly connect: () => Promise<pg.Client>,
    private readonly channel: string,
    private readonly listener: () => void,
    /** How often it is asked whether it is still there, in milliseconds: nothing else is ever sent on it. */
    private readonly heartbeatMs: number,
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
    clearTimeout(this.heartbeat);
    if (this.client) await endClient(this.client);
  }

  private async listen(): Promise<void> {
    try {
      const client = await this.connect();
      this.client = client;
      client.on('end', () => this.listenAgain());
      client.on('notification', () => this.listener());
      await this.ask(client);
      this.pauseMs = FIRST_PAUSE_MS;
      this.beat(client);
    } catch {
      if (this.client === undefined) this.listenAgain();
      // Its 'end' leads to the next attempt.
      else await endClient(this.client);
    }
  }

  /** Asking again changes nothing. */
  private async ask(client: pg.Client): Promise<void> {
    await client.query(`listen ${client.escapeIdentifier(this.channel)}`);
  }

  private beat(client: pg.Client): void {
    this.heartbeat = setTimeout(() => {
      this.ask(client).then(
        () => this.client === client && !this.stopped && this.beat(client),
        // lost without a word: its 'end' leads to the next attempt
        () => endClient(client),
      );
    }, this.heartbeatMs).unref();
  }

  private listenAgain(): void {
    this.client = undefined;
    clearTimeout(this.heartbeat);
    if (this.stopped) return;
    clearTimeout(this.retry);
    this.retry = setTimeout(() => void this.start(), this.pauseMs * (0.5 + Math.random() / 2));
    this.retry.unref();
    this.pauseMs = Math.min(this.pauseMs * 2, LONGEST_PAUSE_MS);
  }
}
