import { ConfigurationError } from '../errors/configuration.error.js';
import { LONGEST_TIMER_MS } from './longest-timer.js';

/**
 * A length of time: milliseconds as a number, or a string such as `'250ms'`, `'30s'`, `'5m'`, `'24h'`.
 *
 * @publicApi
 */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h'}`;

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 } as const;

/**
 * A length of time as a number.
 *
 * @param option named in the error
 * @returns whole milliseconds
 * @throws ConfigurationError when it is not a length of time from 1 ms to 24 days
 */
export function toMilliseconds(value: Duration, option: string): number {
  const match = typeof value === 'number' ? undefined : /^(\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value);
  const ms =
    typeof value === 'number' ? value : match ? Number(match[1]) * UNITS[match[2] as keyof typeof UNITS] : Number.NaN;
  if (!Number.isFinite(ms) || ms < 1 || ms > LONGEST_TIMER_MS) {
    throw new ConfigurationError(
      option,
      `${String(value)} is not a length of time from 1 ms to 24 days; write '30s' or 30_000`,
    );
  }
  return Math.round(ms);
}
