/** How phase two is retried. */
export interface RetryPolicy {
  /** Before the second attempt, in milliseconds. */
  readonly initialMs: number;
  /** The longest pause, in milliseconds. */
  readonly capMs: number;
}

/** An alert goes out with this failed attempt and each one after it. */
export const ALERT_ATTEMPT = 8;
/** An alert goes out when a branch is unsettled for so long, whatever was counted. */
export const ALERT_AFTER_MS = 10 * 60_000;
/** A branch whose participant cannot be reached is parked after so long. */
export const UNREACHABLE_PARK_AFTER_MS = 24 * 3_600_000;

const ceiling = (policy: RetryPolicy, times: number): number =>
  Math.min(policy.capMs, policy.initialMs * 2 ** Math.min(times - 1, 30));

/**
 * Pause before the next attempt: exponential with full jitter, so that branches which failed together do not come
 * back together.
 *
 * @param attempts failed so far, at least 1
 */
export const retryPause = (policy: RetryPolicy, attempts: number, random: () => number = Math.random): number =>
  Math.round(ceiling(policy, attempts) * random());

/** Pause after a "not yet" that names no time: doubling to the cap, without jitter. @param times in a row, at least 1 */
export const postponePause = (policy: RetryPolicy, times: number): number => ceiling(policy, times);
