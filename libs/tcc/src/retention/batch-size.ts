/** How long one batch may take: for so long its rows are locked, and a connection of the ledger is in use. */
const AIM_MS = 100;
const LARGEST = 1_000;
/** What takes long though it is so little waits for something else: less of it would only be removed more slowly. */
const LEAST_WORK = 100;
const SMALLEST = 10;

/**
 * How many transactions one batch looks at: as many as the ledger copes with in a tenth of a second, and few enough for
 * its time limit. One that is too much for that would fail again and again.
 */
export class BatchSize {
  private size = LARGEST;

  get value(): number {
    return this.size;
  }

  /** A batch has taken so long. */
  took(ms: number): void {
    if (ms > AIM_MS) this.size = Math.max(Math.min(this.size, LEAST_WORK), this.size >> 1);
    // not at its edge: it would go up and down
    else if (ms < AIM_MS / 4) this.size = Math.min(LARGEST, this.size * 2);
  }

  /** A batch has failed. */
  failed(): void {
    this.size = Math.max(SMALLEST, this.size >> 1);
  }
}
