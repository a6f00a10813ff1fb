import type { VirtualTime } from '../engine/virtual-time.js';
import type { Budget } from './budget.js';
import type { ModelEvent } from './event.js';
import type { LedgerStore } from './ledger-store.js';

/** The clock goes on to the next moment that means something to somebody; timers that are due by then fire when they like. */
export class PassingTime {
  constructor(
    private readonly time: VirtualTime,
    private readonly store: LedgerStore,
    private readonly budget: Budget,
    private readonly moments: () => readonly number[],
    private readonly whenQuiet: () => void,
    private horizonMs: number,
  ) {}

  /** There is no end of time any more. */
  goOn(): void {
    this.horizonMs = Infinity;
  }

  timers(kind: 'once' | 'repeated'): readonly ModelEvent[] {
    return this.time.pending
      .filter(({ dueAt, everyMs }) => dueAt <= this.time.now && (everyMs === undefined) === (kind === 'once'))
      .map((timer) => ({
        label: `fire ${timer.name}`,
        required: true,
        writes: [timer.process.name],
        perform: () => {
          timer.process.note(timer.name);
          this.time.fire(timer);
        },
      }));
  }

  /** @param isQuiet nothing is under way: then time passes by itself, else it is a stall */
  steps(isQuiet: boolean): readonly ModelEvent[] {
    if (!isQuiet && !this.budget.allows('stalls')) return [];
    const { now, pending } = this.time;
    const dues = [...this.store.rows.values()].flatMap(({ dueAt }) => (dueAt === undefined ? [] : [dueAt]));
    const timers = pending.filter(({ everyMs }) => everyMs === undefined).map(({ dueAt }) => dueAt);
    const next = (among: readonly number[]): number => Math.min(...among.filter((at) => at > now));
    const soonest = next([...dues, ...timers, ...this.moments()]);
    // a stall may also last until somebody else may take over
    const targets = new Set([soonest, ...(isQuiet ? [] : [next(dues)])]);
    return [...targets]
      .filter((at) => at <= this.horizonMs && at < Infinity)
      .map((at) => ({
        label: `time ${at}`,
        required: isQuiet,
        writes: ['clock', ...(isQuiet ? [] : ['faults'])],
        perform: () => {
          if (isQuiet) this.whenQuiet();
          else this.budget.spend('stalls');
          this.time.now = at;
        },
      }));
  }
}
