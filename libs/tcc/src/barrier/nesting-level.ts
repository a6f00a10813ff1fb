import { AsyncLocalStorage } from 'node:async_hooks';
import { promised } from '../core/promised.js';

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
  private silent = false;
  private underWay = 0;
  private taken = false;
  private readonly waiting: (() => void)[] = [];
  private drained: (() => void) | undefined;

  /**
   * @param refusal the error for what comes too late
   * @param connection `lost` resolves when it has died, so that nobody waits for a turn that never comes
   * @param afterParent this level runs when its parent has closed
   */
  constructor(
    readonly refusal: () => Error,
    private readonly connection: { readonly lost: Promise<void> },
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

  /** Whether it takes anything more. */
  get isOpen(): boolean {
    return this.accepting && this.alive;
  }

  /** @throws the refusal when this level has closed */
  assertOpen(): void {
    if (!this.isOpen) throw this.refusal();
  }

  /**
   * Counts something as begun before the level closes, until {@link end}.
   *
   * @throws the refusal when this level has closed
   */
  begin(): void {
    this.assertOpen();
    this.underWay += 1;
  }

  end(): void {
    this.underWay -= 1;
    if (this.underWay > 0 || this.accepting) return;
    // Here, not where close() goes on: in between, something held back could slip in behind the COMMIT.
    this.dead = true;
    this.drained?.();
  }

  /** Runs what was begun before the level closes. @throws the refusal when it has closed */
  async admit<T>(work: () => Promise<T>): Promise<T> {
    this.begin();
    try {
      return await work();
    } finally {
      this.end();
    }
  }

  /** Runs `work` when everything that asked before has had its turn. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.underWay += 1;
    if (this.taken) return this.afterOthers(work);
    this.taken = true;
    return this.turn(work);
  }

  private async afterOthers<T>(work: () => Promise<T>): Promise<T> {
    await Promise.race([new Promise<void>((go) => this.waiting.push(go)), this.connection.lost]);
    return this.turn(work);
  }

  private turn<T>(work: () => Promise<T>): Promise<T> {
    return this.doWork(work).then(
      (value) => {
        this.endTurn();
        return value;
      },
      (error: unknown) => {
        this.endTurn();
        throw error;
      },
    );
  }

  private doWork<T>(work: () => Promise<T>): Promise<T> {
    if (this.isSilent) return new Promise(() => undefined);
    return this.alive ? promised(work) : Promise.reject(this.refusal());
  }

  private endTurn(): void {
    const next = this.waiting.shift();
    if (next) next();
    else this.taken = false;
    this.end();
  }

  /** Refuses what is issued from now on. @returns what is to be awaited, where something was issued before */
  close(): Promise<void> | undefined {
    this.accepting = false;
    if (this.underWay > 0) return new Promise((resolve) => (this.drained = resolve));
    this.dead = true;
    return undefined;
  }

  /**
   * Refuses at once whatever has not reached the connection, at this level and inside it.
   *
   * @param silently what waits for its turn is never answered instead
   */
  kill(silently = false): void {
    this.accepting = false;
    this.dead = true;
    this.silent = silently;
  }

  private get isSilent(): boolean {
    return this.silent || (this.parent?.isSilent ?? false);
  }
}
