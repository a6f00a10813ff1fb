import { LONGEST_TIMER_MS } from './longest-timer.js';
import { monotonicNow, type Monotonic } from './monotonic-clock.js';

interface Alarm {
  readonly at: Monotonic;
  readonly ring: () => void;
  /** Where it stands among all; -1 once it does not. */
  place: number;
}

/**
 * Alarms that share one timer, for limits that hardly any call ever reaches: with a timer each, a process that settles a
 * thousand transactions a second spends some 4 % of its CPU on setting and clearing them.
 *
 * They do not keep the process alive, and must not care in whose asynchronous context they ring: that is anybody's.
 */
export class Alarms {
  /** In no order. A Set of what comes and goes this often would keep the garbage collector busy: see `TurnoverMap`. */
  private readonly all: Alarm[] = [];
  private timer: NodeJS.Timeout | undefined;
  private timerAt: Monotonic = Infinity;

  /**
   * Rings in `ms` milliseconds.
   *
   * @returns takes it back
   */
  set(ms: number, ring: () => void): () => void {
    const own: Alarm = { at: monotonicNow() + ms, ring, place: this.all.length };
    this.all.push(own);
    this.look(own.at);
    return () => {
      if (this.remove(own) && this.all.length === 0) this.rest();
    };
  }

  /** Sees to it that the timer goes off by then. */
  private look(at: Monotonic): void {
    if (at >= this.timerAt) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    const ms = Math.min(LONGEST_TIMER_MS, Math.ceil(at - monotonicNow()));
    this.timer = setTimeout(() => this.ring(), ms).unref();
  }

  private rest(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.timerAt = Infinity;
  }

  private ring(): void {
    this.rest();
    const now = monotonicNow();
    // One that rings may take another one back.
    for (const due of this.all.filter(({ at }) => at <= now)) if (this.remove(due)) due.ring();
    if (this.all.length > 0) this.look(this.all.reduce((soonest, { at }) => Math.min(soonest, at), Infinity));
  }

  /** @returns whether it was still there */
  private remove(own: Alarm): boolean {
    if (own.place < 0) return false;
    const last = this.all.pop()!;
    if (last !== own) {
      last.place = own.place;
      this.all[own.place] = last;
    }
    own.place = -1;
    return true;
  }
}
