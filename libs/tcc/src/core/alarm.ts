import { LONGEST_TIMER_MS } from './longest-timer.js';
import { monotonicNow, type Monotonic } from './monotonic-clock.js';

/** How late an alarm may be; shorter ones than twenty times that are not. */
const ROUND_MS = 50;
const SHORT_MS = 20 * ROUND_MS;

interface Alarm {
  readonly at: Monotonic;
  readonly ring: () => void;
  /** Where it stands among all; -1 once it does not. */
  place: number;
}

/** In no order. A Set of what comes and goes this often would keep the garbage collector busy: see `TurnoverMap`. */
const all: Alarm[] = [];
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
  const own: Alarm = { at: monotonicNow() + Math.min(ms, LONGEST_TIMER_MS), ring, place: all.length };
  all.push(own);
  rounds ??= setInterval(look, ROUND_MS).unref();
  return () => void remove(own);
}

/** @returns whether it was still there */
function remove(own: Alarm): boolean {
  if (own.place < 0) return false;
  const last = all.pop()!;
  if (last !== own) {
    last.place = own.place;
    all[own.place] = last;
  }
  own.place = -1;
  return true;
}

function look(): void {
  if (all.length === 0) {
    clearInterval(rounds);
    rounds = undefined;
    return;
  }
  const now = monotonicNow();
  // One that rings may take another one back.
  for (const due of all.filter(({ at }) => at <= now)) if (remove(due)) due.ring();
}
