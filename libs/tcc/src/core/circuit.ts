import { monotonicNow, type Monotonic } from './monotonic-clock.js';

/** So many calls in a row without an answer, and the place is left alone. */
const FAILURES_TO_OPEN = 5;
/** Between the single calls that find out whether it is back. */
const PROBE_EVERY_MS = 5_000;
/** Those that wait come back spread over half the time that the place has been away, but within this. */
const LONGEST_SPREAD_MS = 30_000;

/** One call that was let through. */
export interface Passage {
  /** The place answered, whatever it said. */
  answered(): void;
  /** Nothing came that counts. @returns whether the place is left alone now */
  failed(): boolean;
}

/**
 * Leaves a place alone that does not answer: after five failures in a row one call every five seconds gets through, and
 * the first answer lets all of them through again. In a row, not a share of all calls: at a place that was busy until it
 * died a share takes thousands of failures to show. A probe that hangs keeps nobody from the next one.
 */
export class Circuit {
  private failures = 0;
  private lastAnswer: Monotonic = -Infinity;
  private openSince: Monotonic | undefined;
  private nextProbe: Monotonic = 0;

  constructor(private readonly random: () => number = Math.random) {}

  /** @returns the passage of this call, or when to come back, in milliseconds */
  enter(now: Monotonic = monotonicNow()): Passage | number {
    if (this.openSince !== undefined) {
      if (now < this.nextProbe) return this.pause(this.openSince, now);
      this.nextProbe = now + PROBE_EVERY_MS;
    }
    return { answered: () => this.answered(), failed: () => this.failed(now) };
  }

  private answered(): void {
    this.failures = 0;
    this.openSince = undefined;
    this.lastAnswer = monotonicNow();
  }

  private failed(startedAt: Monotonic): boolean {
    // It has answered others meanwhile: this call's trouble is its own, or older than the place's recovery.
    if (startedAt < this.lastAnswer) return false;
    this.failures += 1;
    if (this.openSince !== undefined) return true;
    if (this.failures < FAILURES_TO_OPEN) return false;
    this.openSince = monotonicNow();
    this.nextProbe = this.openSince + PROBE_EVERY_MS;
    return true;
  }

  /** Spread out, or all that wait would ask the ledger for work at the same moment, every few seconds, for nothing. */
  private pause(openSince: Monotonic, now: Monotonic): number {
    const spread = Math.min(LONGEST_SPREAD_MS, (now - openSince) / 2);
    return Math.ceil(this.nextProbe - now + this.random() * spread);
  }
}
