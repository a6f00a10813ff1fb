import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<NestingLevel>();

/** The level whose callback is running, if any. */
export const currentLevel = (): NestingLevel | undefined => storage.getStore();

/**
 * One level of nested transactions in a phase: the phase itself, or one `transaction(callback)` inside another level.
 *
 * What is issued at a level takes turns: a query for its duration, a nested transaction for all of its callback. So two
 * nested transactions never mix their savepoints, and a query beside an open one waits instead of being undone with it.
 * What is issued inside a callback belongs to the level of that callback, found by asynchronous context.
 */
export class NestingLevel {
  /** Who has a transaction open here by `startTransaction()`; there is no callback by which to tell what is inside it. */
  owner: object | undefined;

  private accepting = true;
  private dead = false;
  private underWay = 0;
  private tail: Promise<void> = Promise.resolve();
  private drained: (() => void) | undefined;

  /**
   * @param refusal the error for what comes too late
   * @param lost resolves when the connection has died, so that nobody waits for a turn that never comes
   * @param afterParent this level runs when its parent has closed
   */
  constructor(
    readonly refusal: () => Error,
    private readonly lost: Promise<void>,
    private readonly parent?: NestingLevel,
    private readonly afterParent = false,
  ) {}

  /** Whether statements may still reach the connection. */
  get alive(): boolean {
    return !this.dead && (this.afterParent || (this.parent?.alive ?? true));
  }

  isInside(other: NestingLevel): boolean {
    return this.parent !== undefined && (this.parent === other || this.parent.isInside(other));
  }

  /** Runs `work` as this level's callback. */
  enter<T>(work: () => T): T {
    return storage.run(this, work);
  }

  /** @throws the refusal when this level has closed */
  assertOpen(): void {
    if (!this.accepting || !this.alive) throw this.refusal();
  }

  /** Counts `work` as begun before the level closes, from this moment on. */
  async admit<T>(work: () => Promise<T>): Promise<T> {
    this.assertOpen();
    return this.counted(work);
  }

  /** Runs `work` when everything that asked before has had its turn. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    return this.counted(async () => {
      const before = this.tail;
      let done!: () => void;
      this.tail = new Promise((resolve) => (done = resolve));
      try {
        await Promise.race([before, this.lost]);
        if (!this.alive) throw this.refusal();
        return await work();
      } finally {
        done();
      }
    });
  }

  /** Refuses what is issued from now on and waits for what was issued before. */
  async close(): Promise<void> {
    this.accepting = false;
    if (this.underWay === 0) this.dead = true;
    else await new Promise<void>((resolve) => (this.drained = resolve));
  }

  /** Refuses at once whatever has not reached the connection, at this level and inside it. */
  kill(): void {
    this.accepting = false;
    this.dead = true;
  }

  private async counted<T>(work: () => Promise<T>): Promise<T> {
    this.underWay += 1;
    try {
      return await work();
    } finally {
      this.underWay -= 1;
      if (this.underWay === 0 && !this.accepting) {
        // Here, not where close() goes on: in between, something held back could slip in behind the COMMIT.
        this.dead = true;
        this.drained?.();
      }
    }
  }
}
