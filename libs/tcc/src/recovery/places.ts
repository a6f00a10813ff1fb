/** A drive that has lasted so long waits for somebody who does not answer. */
const PATIENCE_MS = 1_000;

/**
 * How many drives recovery starts at a time. One that lasts long gives its place away while it goes on: else as many
 * calls that hang, for as long as a call may take, would keep recovery from everything else.
 */
export class Places {
  private taken = 0;

  /** @param onFree called when a place becomes free after all were taken */
  constructor(
    private readonly all: number,
    private readonly onFree: () => void,
  ) {}

  get free(): number {
    return this.all - this.taken;
  }

  /** @param drive never rejects */
  take(drive: Promise<unknown>): void {
    this.taken++;
    let left = false;
    const leave = (): void => {
      clearTimeout(timer);
      if (left) return;
      left = true;
      this.taken--;
      if (this.free === 1) this.onFree();
    };
    const timer = setTimeout(leave, PATIENCE_MS).unref();
    void drive.then(leave);
  }
}
