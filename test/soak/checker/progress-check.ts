import type { Event } from '../history.js';
import { Check, type Verdict } from './check.js';

/** When orders must succeed: within each of these times, and at least once in so long. */
export interface Expected {
  /** Times in which no fault begins, as [from, to] in milliseconds. */
  readonly quiet: readonly (readonly [number, number])[];
  readonly longestGapMs: number;
  readonly startMs: number;
  readonly endMs: number;
}

/** The system moves on: a run in which nothing can be lost since nothing is done shows nothing. */
export function progress(events: readonly Event[], { quiet, longestGapMs, startMs, endMs }: Expected): Verdict {
  const check = new Check('progress');
  const successes = events.flatMap((event) => (event.type === 'ok' ? [event.at] : []));
  check.that(successes.length > 0, () => ({ what: 'not a single order succeeded' }));
  for (const [from, to] of quiet) {
    check.that(
      successes.some((at) => at >= from && at <= to),
      () => ({ what: `no order succeeded from ${from} to ${to} ms, when no fault began` }),
    );
  }
  let last = startMs;
  for (const at of [...successes, endMs]) {
    check.that(at - last <= longestGapMs, () => ({ what: `no order succeeded from ${last} to ${at} ms` }));
    last = at;
  }
  return check.verdict();
}
