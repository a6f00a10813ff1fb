import { Logger } from '@nestjs/common';
import { Crowd } from '../coordinator/crowd.js';
import { InFlight } from '../coordinator/in-flight.js';
import type { Leases } from '../coordinator/leases.js';
import type { PhaseTwoDriver } from '../coordinator/phase-two.driver.js';
import { describeError } from '../core/describe-error.js';
import type { FaultHook } from '../core/fault-point.js';
import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import type { LedgerPort } from '../ledger/ledger.port.js';
import { Places } from './places.js';
import { WakeUp } from './wake-up.js';

/** Calls of one participant under way, per transaction that is started at a time: what hangs gives its place away. */
const CALLS_PER_PLACE = 4;

/** What recovery needs from the settings. */
export interface RecoverySettings {
  readonly service: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly pollMs: number;
  readonly concurrency: number;
  readonly ledgerTimeoutMs: number;
  readonly faults: FaultHook;
}

/**
 * Finds and finishes what is due: transactions whose initiator died or ran out of time, and branches whose next attempt
 * has come. One loop per instance; instances of a service share the work by claiming.
 *
 * @publicApi
 */
export class Recovery {
  private readonly logger = new Logger(Recovery.name);
  private readonly drives = new InFlight();
  private readonly wakeUp = new WakeUp();
  private readonly places: Places;
  private readonly crowd: Crowd;
  private loop: Promise<void> | undefined;
  private stopping = false;
  private lastLook: Monotonic | undefined;
  private stopListening: (() => Promise<void>) | undefined;
  private failing = false;

  constructor(
    private readonly ledger: LedgerPort,
    private readonly driver: PhaseTwoDriver,
    private readonly leases: Leases,
    private readonly settings: RecoverySettings,
  ) {
    this.places = new Places(settings.concurrency, () => this.wakeUp.call());
    this.crowd = new Crowd(settings.concurrency * CALLS_PER_PLACE);
  }

  /** Starts the loop. */
  async start(): Promise<void> {
    this.stopListening = await this.ledger.onRelease(this.settings.service, () => this.wakeUp.call());
    this.loop = this.run();
  }

  /** Stops claiming and waits for what is being driven. @returns whether all of it ended within that time */
  async stop(timeoutMs: number): Promise<boolean> {
    this.stopping = true;
    this.wakeUp.call();
    await this.loop;
    await this.stopListening?.();
    return this.drives.drain(timeoutMs);
  }

  /** Whether the loop runs and has reached the ledger lately. */
  isHealthy(): boolean {
    const { pollMs, ledgerTimeoutMs } = this.settings;
    const recent = this.lastLook !== undefined && monotonicNow() - this.lastLook < 3 * pollMs + 2 * ledgerTimeoutMs;
    return this.loop !== undefined && !this.stopping && recent && !this.failing;
  }

  /**
   * Claims what is due and drives it, once.
   *
   * @returns how many transactions it claimed, when all of them have been driven
   */
  async runOnce(): Promise<number> {
    const started = await this.claim(this.settings.concurrency);
    await Promise.all(started);
    return started.length;
  }

  private async run(): Promise<void> {
    while (!this.stopping) {
      const { free } = this.places;
      // a full batch: there is probably more, and the next place that is free wakes us
      if (free > 0 && (await this.claimOrLog(free)) === free) continue;
      if (!this.stopping) await this.wakeUp.pause(this.settings.pollMs * (0.5 + Math.random()));
    }
  }

  private async claimOrLog(limit: number): Promise<number> {
    try {
      const started = await this.claim(limit);
      if (this.failing) this.logger.log('The ledger answers again.');
      this.failing = false;
      return started.length;
    } catch (error) {
      // once per outage: a line per poll would bury what matters
      if (!this.failing)
        this.logger.error(`Recovery cannot reach the ledger and goes on trying: ${describeError(error)}`);
      this.failing = true;
      return 0;
    }
  }

  private async claim(limit: number): Promise<Promise<unknown>[]> {
    const { service, owner, leaseMs, faults } = this.settings;
    const askedAt = monotonicNow();
    await faults('ledger.claim.sending', { xids: [] });
    const claimed = await this.ledger.claim({ service, owner, leaseMs, limit, except: this.leases.xids() });
    this.lastLook = monotonicNow();
    if (claimed.length > 0) await faults('ledger.claim.done', { xids: claimed.map(({ xid }) => xid) });
    return claimed.map((transaction) => {
      const drive = this.driver.drive(transaction, askedAt, this.crowd).catch((error: unknown) => {
        this.logger.error(
          `Drive of ${transaction.xid} ended early, recovery takes it up again: ${describeError(error)}`,
        );
      });
      this.places.take(drive);
      return this.drives.add(drive);
    });
  }
}
