/** Lets flushes leave, each once it is asked for: at once, or behind what else this turn of the event loop does. */
export class Departure {
  /** One is about to leave. */
  pending = false;
  private hurried = false;

  constructor(private readonly leave: () => void) {}

  /** @param withCompany others are likely to join; a caller who is alone would only wait longer */
  ask(withCompany: boolean): void {
    this.pending = true;
    if (withCompany || this.hurried) setImmediate(this.go);
    else {
      // Once a turn: with a ledger that answers without I/O nothing else would ever run.
      this.hurried = true;
      setImmediate(this.turn);
      process.nextTick(this.go);
    }
  }

  private readonly go = (): void => {
    this.pending = false;
    this.leave();
  };

  private readonly turn = (): void => {
    this.hurried = false;
  };
}
