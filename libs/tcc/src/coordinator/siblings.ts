import { LONGEST_TIMER_MS } from '../core/longest-timer.js';

/**
 * The branches of one drive that are at work: what failed among them need not wait for one that hangs. A branch is at
 * work from {@link enter} to {@link leave}: while it is called, and while its attempt is recorded before the next call.
 */
export class Siblings {
  private atWork = 0;
  private readonly waiting = new Set<() => void>();

  enter(): void {
    this.atWork += 1;
  }

  leave(): void {
    this.atWork -= 1;
    if (this.atWork === 0) for (const giveUp of this.waiting) giveUp();
  }

  /**
   * Waits, but not longer than any branch is at work.
   *
   * @returns whether the time has passed and one still is; then the caller's branch is at work from that moment, so
   *   that no other one takes the drive for ended before this one is called
   */
  outlast(ms: number): Promise<boolean> {
    if (this.atWork === 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const end = (entered: boolean): void => {
        clearTimeout(timer);
        this.waiting.delete(giveUp);
        if (entered) this.enter();
        resolve(entered);
      };
      const giveUp = (): void => end(false);
      const timer = setTimeout(() => end(true), Math.min(ms, LONGEST_TIMER_MS));
      this.waiting.add(giveUp);
    });
  }
}
