/** The calls of one drive that are under way: what failed among them need not wait for one that hangs. */
export class Siblings {
  private calls = 0;
  private readonly waiting = new Set<() => void>();

  /** Counts a call while it lasts. */
  async during<T>(call: Promise<T>): Promise<T> {
    this.calls += 1;
    try {
      return await call;
    } finally {
      this.calls -= 1;
      if (this.calls === 0) for (const end of this.waiting) end();
    }
  }

  /** Waits, but not longer than any call is under way. @returns whether the time has passed and one still is */
  outlast(ms: number): Promise<boolean> {
    if (this.calls === 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.waiting.delete(end);
        resolve(this.calls > 0);
      };
      const timer = setTimeout(end, Math.min(ms, 2 ** 31 - 1));
      this.waiting.add(end);
    });
  }
}
