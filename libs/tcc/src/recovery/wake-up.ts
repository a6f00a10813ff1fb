/** A pause that can be cut short. */
export class WakeUp {
  private wake: (() => void) | undefined;
  private called = false;

  /** Ends the pause that is under way, or the next one at once. */
  call(): void {
    this.called = true;
    this.wake?.();
  }

  /** Resolves after `ms`, or as soon as `call()` is used. */
  async pause(ms: number): Promise<void> {
    if (!this.called) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.called = false;
    this.wake = undefined;
  }
}
