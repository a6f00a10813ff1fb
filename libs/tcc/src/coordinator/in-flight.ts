import { setTimeout as pause } from 'node:timers/promises';

/** Work that shutdown waits for. */
export class InFlight {
  private readonly running = new Set<Promise<unknown>>();

  /** @returns the same promise */
  add<T>(work: Promise<T>): Promise<T> {
    const ended = (): boolean => this.running.delete(work);
    this.running.add(work);
    work.then(ended, ended);
    return work;
  }

  /** Waits for all, later ones included. @returns whether all ended within that time */
  async drain(timeoutMs: number): Promise<boolean> {
    const stop = new AbortController();
    const late = pause(timeoutMs, 'late' as const, { signal: stop.signal, ref: false }).catch(() => 'late' as const);
    try {
      while (this.running.size > 0) {
        if ((await Promise.race([Promise.allSettled(this.running), late])) === 'late') return false;
      }
      return true;
    } finally {
      stop.abort();
    }
  }
}
