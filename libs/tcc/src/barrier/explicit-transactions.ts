import { TransactionNotStartedError } from 'typeorm';
import type { JoinedTransaction } from './joined-transaction.js';
import type { NestingLevel } from './nesting-level.js';

interface Opened {
  readonly level: NestingLevel;
  readonly savepoint: string;
}

/**
 * What one runner opened by `startTransaction()` inside a phase: savepoints.
 *
 * There is no callback by which to tell what belongs to it, so all later work of its level counts as inside it. Two
 * runners that each have one open would undo each other's work: the second is refused.
 */
export class ExplicitTransactions {
  private readonly opened: Opened[] = [];

  constructor(
    private readonly transaction: JoinedTransaction,
    private readonly at: NestingLevel,
  ) {}

  /** @throws OverlappingTransactionsError when another runner has one open at this level */
  start(): Promise<void> {
    const level = this.transaction.levelOf(this.at);
    return level.admit(async () => {
      if (level.owner && level.owner !== this) {
        throw this.transaction.overlapping('startTransaction() was called while that of another runner was open');
      }
      const entry = { level, savepoint: this.transaction.nextSavepoint() };
      level.owner = this;
      this.opened.push(entry);
      try {
        await this.transaction.broadcast('BeforeTransactionStart');
        await level.inTurn(() => this.transaction.begin(entry.savepoint));
      } catch (error) {
        this.forget(entry);
        throw error;
      }
      await this.transaction.broadcast('AfterTransactionStart');
    });
  }

  /** @throws TransactionNotStartedError, OverlappingTransactionsError */
  commit(): Promise<void> {
    return this.end('Commit', ({ savepoint }) => this.transaction.execute(`release savepoint ${savepoint}`));
  }

  /** @throws TransactionNotStartedError, OverlappingTransactionsError */
  rollBack(): Promise<void> {
    return this.end('Rollback', ({ savepoint }) => this.transaction.rollBackTo(savepoint));
  }

  /** What `await using` does with TypeORM's own runner. */
  async commitAll(): Promise<void> {
    while (this.opened.length > 0) await this.commit();
  }

  private async end(how: 'Commit' | 'Rollback', send: (entry: Opened) => Promise<unknown>): Promise<void> {
    const level = this.transaction.levelOf(this.at);
    level.assertOpen();
    const entry = this.opened.at(-1);
    if (!entry) throw new TransactionNotStartedError();
    if (entry.level !== level) {
      // To wait for that level's turn from inside a callback of it would be to wait for oneself.
      throw this.transaction.overlapping(
        'a transaction was started outside a transaction(callback) and ended inside it',
      );
    }
    await level.admit(async () => {
      await this.transaction.broadcast(`BeforeTransaction${how}`);
      await level.inTurn(() => send(entry));
      this.forget(entry);
      await this.transaction.broadcast(`AfterTransaction${how}`);
    });
  }

  private forget(entry: Opened): void {
    this.opened.splice(this.opened.indexOf(entry), 1);
    if (!this.opened.some(({ level }) => level === entry.level)) entry.level.owner = undefined;
  }
}
