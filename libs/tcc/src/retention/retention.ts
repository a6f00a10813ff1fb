import { Logger } from '@nestjs/common';
import { describeError } from '../core/describe-error.js';
import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import type { LedgerPort } from '../ledger/ledger.port.js';
import { WakeUp } from '../recovery/wake-up.js';
import { BatchSize } from './batch-size.js';

/** Pause behind a batch, in times that it took: an instance keeps the ledger busy for a tenth of the time. */
const PAUSES = 9;
const LONGEST_PAUSE_MS = 60_000;
/** What was passed over, since it was not settled yet or locked, is looked at again after that time. */
const LONGEST_SWEEP_MS = 24 * 3_600_000;

/** What retention needs from the settings. */
export interface RetentionSettings {
  readonly service: string;
  /** How long settled transactions are kept. */
  readonly retentionMs: number;
}

/**
 * Removes what settled long ago. One loop per instance that runs in any number of them at a time: each goes through the
 * ledger in the order of xids and passes over what another one is removing.
 *
 * It goes on from where it stopped, so that a look at a ledger with nothing to remove costs next to nothing whatever else
 * is kept in it, and begins at the oldest once a day.
 */
export class Retention {
  private readonly logger = new Logger(Retention.name);
  private readonly wakeUp = new WakeUp();
  private readonly batch = new BatchSize();
  private loop: Promise<void> | undefined;
  private stopping = false;
  private after: string | undefined;
  private sweptAt: Monotonic = monotonicNow();
  private failing = false;

  constructor(
    private readonly ledger: Pick<LedgerPort, 'purge'>,
    private readonly settings: RetentionSettings,
  ) {}

  /** Starts the loop. */
  start(): void {
    this.loop = this.run();
  }

  /** Resolves when the batch that is under way has ended. */
  async stop(): Promise<void> {
    this.stopping = true;
    this.wakeUp.call();
    await this.loop;
  }

  private async run(): Promise<void> {
    while (!this.stopping) await this.wakeUp.pause(await this.stepOrLog());
  }

  /** @returns how long to pause */
  private async stepOrLog(): Promise<number> {
    const { retentionMs } = this.settings;
    const round = Math.min(LONGEST_PAUSE_MS, retentionMs / 10) * (0.5 + Math.random());
    try {
      if (monotonicNow() - this.sweptAt > Math.min(LONGEST_SWEEP_MS, retentionMs)) {
        this.after = undefined;
        this.sweptAt = monotonicNow();
      }
      const { more, pauseMs } = await this.step();
      if (this.failing) this.logger.log('Settled transactions are removed again.');
      this.failing = false;
      return more ? pauseMs : round;
    } catch (error) {
      // once per outage, as recovery does
      if (!this.failing)
        this.logger.error(`Settled transactions cannot be removed; tried again: ${describeError(error)}`);
      this.failing = true;
      return round;
    }
  }

  private async step(): Promise<{ more: boolean; pauseMs: number }> {
    const { service, retentionMs } = this.settings;
    const limit = this.batch.value;
    const from = monotonicNow();
    try {
      const { upTo, more } = await this.ledger.purge({ service, retentionMs, after: this.after, limit });
      const tookMs = monotonicNow() - from;
      this.batch.took(tookMs);
      this.after = upTo ?? this.after;
      return { more, pauseMs: tookMs * PAUSES };
    } catch (error) {
      this.batch.failed();
      throw error;
    }
  }
}
