import { setTimeout as pause } from 'node:timers/promises';

/** Work that shutdown waits for. */
export class InFlight {
  private running = 0;
  private readonly idled: (() => void)[] = [];

  /** @returns what comes of it. Not the same promise: a rejection of that one is heard here, whoever else hears it */
  add<T>(work: Promise<T>): Promise<T> {
    this.running += 1;
    return work.then(
      (value) => {
        this.ended();
        return value;
      },
      (error: unknown) => {
        this.ended();
        throw error;
      },
    );
  }

  /** Waits for all, later ones included. @returns whether all ended within that time */
  async drain(timeoutMs: number): Promise<boolean> {
    const stop = new AbortController();
    const late = pause(timeoutMs, 'late' as const, { signal: stop.signal, ref: false }).catch(() => 'late' as const);
    try {
      while (this.running > 0) {
        const idle = new Promise<void>((resolve) => this.idled.push(resolve));
        if ((await Promise.race([idle, late])) === 'late') return false;
      }
      return true;
    } finally {
      stop.abort();
    }
  }

  private ended(): void {
    this.running -= 1;
    if (this.running === 0) for (const idle of this.idled.splice(0)) idle();
  }
}
