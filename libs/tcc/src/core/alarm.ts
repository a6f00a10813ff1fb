import { LONGEST_TIMER_MS } from './longest-timer.js';
import { monotonicNow, type Monotonic } from './monotonic-clock.js';

/** How late an alarm may be; shorter ones than twenty times that are not. */
const ROUND_MS = 50;
const SHORT_MS = 20 * ROUND_MS;

interface Alarm {
  readonly at: Monotonic;
  readonly ring: () => void;
}

const set = new Set<Alarm>();
let rounds: NodeJS.Timeout | undefined;

/**
 * Rings in `ms` milliseconds, up to a twentieth later. For limits that hardly any call ever reaches: with a timer each,
 * a process that settles a thousand transactions a second spends a thirtieth of its time on setting and clearing them.
 *
 * Does not keep the process alive. `ring` must not care in whose asynchronous context it runs: that is anybody's.
 *
 * @returns takes it back
 */
export function alarm(ms: number, ring: () => void): () => void {
  if (ms < SHORT_MS) {
    const timer = setTimeout(ring, ms).unref();
    return () => clearTimeout(timer);
  }
  const own: Alarm = { at: monotonicNow() + Math.min(ms, LONGEST_TIMER_MS), ring };
  set.add(own);
  rounds ??= setInterval(look, ROUND_MS).unref();
  return () => set.delete(own);
}

function look(): void {
  if (set.size === 0) {
    clearInterval(rounds);
    rounds = undefined;
    return;
  }
  const now = monotonicNow();
  for (const each of set) {
    if (each.at > now) continue;
    set.delete(each);
    each.ring();
  }
}
