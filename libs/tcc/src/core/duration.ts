import { ConfigurationError } from '../errors/configuration.error.js';
import { LONGEST_TIMER_MS } from './longest-timer.js';

/**
 * A length of time: milliseconds as a number, or a string such as `'250ms'`, `'30s'`, `'5m'`, `'24h'`.
 *
 * @publicApi
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`;

const DAY_MS = 86_400_000;
const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/**
 * A length of time as a number.
 *
 * @param option named in the error
 * @param longestMs for lengths that no timer has to wait for as a whole
 * @returns whole milliseconds
 * @throws ConfigurationError when it is not a length of time from 1 ms to the longest, 24 days
 */
export function toMilliseconds(value: Duration, option: string, longestMs = LONGEST_TIMER_MS): number {
  const match = typeof value === 'number' ? undefined : /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value);
  const ms =
    typeof value === 'number' ? value : match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : Number.NaN;
  if (!Number.isFinite(ms) || ms < 1 || ms > longestMs) {
    throw new ConfigurationError(
      option,
      `${String(value)} is not a length of time from 1 ms to ${Math.floor(longestMs / DAY_MS)} days; write '30s' or 30_000`,
    );
  }
  return Math.round(ms);
}
