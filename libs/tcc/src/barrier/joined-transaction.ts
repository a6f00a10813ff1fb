import type { DataSource, EntityManager, QueryRunner } from 'typeorm';
import { OverlappingTransactionsError } from '../errors/overlapping-transactions.error.js';
import { PhaseEndedError } from '../errors/phase-ended.error.js';
import type { BarrierCall, LocalTransaction } from './barrier.port.js';
import { joinedRunnerAt, joinRunner } from './joined-runner.js';
import { currentLevel, NestingLevel } from './nesting-level.js';
import type { PhaseConnection, RawAnswer } from './phase-connection.js';
import type { PhaseOpening } from './phase-opening.js';
import { isTransactionStatement } from './transaction-statement.js';

type TransactionEvent = `${'Before' | 'After'}Transaction${'Start' | 'Commit' | 'Rollback'}`;

/** TypeORM's flags; read-only in its types. Without them `save()` would open and commit a transaction of its own. */
interface TransactionFlags {
  isTransactionActive: boolean;
  transactionDepth: number;
}

/** The local transaction of one phase, as everything that joins it sees it. */
export class JoinedTransaction implements LocalTransaction {
  /** The one that TypeORM's events carry, so that subscribers see one runner from the first to the last of a phase. */
  readonly runner: QueryRunner;

  private readonly root: NestingLevel;
  private last: NestingLevel | undefined;
  private savepoints = 0;

  constructor(
    readonly dataSource: DataSource,
    readonly connection: PhaseConnection,
    private readonly call: BarrierCall,
    /** Where business code runs ahead of it: its first statement takes it along. */
    private readonly opening: PhaseOpening | undefined,
  ) {
    this.root = new NestingLevel(this.ended(call.phase), connection);
    this.runner = joinRunner(connection.runner, this, this.root);
  }

  get manager(): EntityManager {
    return this.runner.manager;
  }

  /** @throws PhaseEndedError */
  readonly createQueryRunner = (): QueryRunner => {
    this.levelOf(this.root).assertOpen();
    return joinedRunnerAt(this.runner, this.root);
  };

  /** The level that what is issued now, through something made at `level`, belongs to: that of the innermost callback. */
  levelOf(level: NestingLevel): NestingLevel {
    const current = currentLevel();
    return current?.isInside(level) ? current : level;
  }

  /** Tells TypeORM whether a transaction is open. */
  markActive(active: boolean): void {
    const flags = this.runner as unknown as TransactionFlags;
    flags.isTransactionActive = active;
    flags.transactionDepth = active ? 1 : 0;
  }

  /** Whether anybody listens to TypeORM's events. */
  get hasSubscribers(): boolean {
    return this.dataSource.subscribers.length > 0;
  }

  broadcast(event: TransactionEvent): Promise<void> {
    return this.runner.broadcaster.broadcast(event);
  }

  /** Sends a statement of business code when it is its turn. */
  query(level: NestingLevel, statement: string | object, values?: unknown[]): Promise<RawAnswer> {
    if (isTransactionStatement(statement)) {
      return Promise.reject(
        this.overlapping('a query began or ended a transaction by itself (begin, commit, rollback)'),
      );
    }
    const { connection, opening } = this;
    return level.inTurn(() =>
      !opening || opening.state === 'open' ? connection.send(statement, values) : opening.with(statement, values),
    );
  }

  /** Sends a statement of the barrier's own, past all turns. Shown by TypeORM's logger like any other. */
  execute(sql: string): Promise<RawAnswer> {
    this.log(sql);
    return this.connection.command(sql);
  }

  /** Sends COMMIT. Resolves to false where Postgres has rolled back instead. */
  commit(): Promise<boolean> {
    this.log('commit');
    return this.connection.commit();
  }

  log(sql: string, values?: readonly string[]): void {
    this.dataSource.logger.logQuery(sql, values as string[] | undefined, this.runner);
  }

  async begin(savepoint: string): Promise<void> {
    if (this.opening) await this.opening.before();
    await this.execute(`savepoint ${savepoint}`);
  }

  nextSavepoint(): string {
    this.savepoints += 1;
    return `tcc_${this.savepoints}`;
  }

  /** Undoes what happened since a savepoint and takes it away. */
  async rollBackTo(savepoint: string): Promise<void> {
    await this.execute(`rollback to savepoint ${savepoint}; release savepoint ${savepoint}`);
    this.connection.conflict = false;
  }

  overlapping(problem: string): OverlappingTransactionsError {
    return new OverlappingTransactionsError(this.call.branch, this.call.phase, this.call.xid, problem);
  }

  /** `transaction(callback)` inside the phase: a savepoint. */
  transaction<T>(at: NestingLevel, work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const from = this.levelOf(at);
    return from.admit(async () => {
      // Outside the turn: a subscriber that queries here would wait for itself. Where there is none the turn is taken at
      // once, so that what is asked for behind it comes behind it.
      if (this.hasSubscribers) await this.broadcast('BeforeTransactionStart');
      const nested = await from.inTurn(() => this.withinSavepoint(from, work));
      if ('error' in nested) {
        await this.broadcast('AfterTransactionRollback').catch(() => undefined);
        throw nested.error;
      }
      await this.broadcast('AfterTransactionCommit');
      return nested.value;
    });
  }

  /**
   * Closes the phase to what comes from now on, waits for what is under way and lets subscribers have the last word.
   *
   * @returns what is to be awaited, if anything
   * @throws OverlappingTransactionsError when a transaction was left open
   */
  finish(): Promise<void> | undefined {
    const closing = this.root.close();
    if (closing || this.hasSubscribers) return this.finishAfter(closing);
    this.assertNoneOpen(this.root);
    return undefined;
  }

  private async finishAfter(closing: Promise<void> | undefined): Promise<void> {
    if (closing) await closing;
    this.assertNoneOpen(this.root);
    if (!this.hasSubscribers) return;
    const last = new NestingLevel(this.root.refusal, this.connection, this.root, true);
    this.last = last;
    await last.enter(() => this.broadcast('BeforeTransactionCommit'));
    await last.close();
    this.assertNoneOpen(last);
  }

  /** Refuses everything from now on; resolves when nothing is under way on the connection. */
  async abandon(): Promise<void> {
    // See PhaseOpening: what was begun ahead of the barrier's answer, and must not run, is not told.
    this.root.kill(this.opening?.state === 'not to run');
    this.last?.kill();
    await this.connection.idle();
  }

  private async withinSavepoint<T>(
    from: NestingLevel,
    work: (manager: EntityManager) => Promise<T>,
  ): Promise<{ value: T } | { error: unknown }> {
    const savepoint = this.nextSavepoint();
    await this.begin(savepoint);
    const level = new NestingLevel(this.ended(`a nested transaction in ${this.call.phase}`), this.connection, from);
    try {
      const value = await level.enter(async () => {
        await this.broadcast('AfterTransactionStart');
        const result = await work(joinedRunnerAt(this.runner, level).manager);
        await this.broadcast('BeforeTransactionCommit');
        return result;
      });
      await level.close();
      this.assertNoneOpen(level);
      // The phase may have failed meanwhile, and its connection may serve somebody else by now.
      if (!from.alive) throw from.refusal();
      await this.execute(`release savepoint ${savepoint}`);
      return { value };
    } catch (error) {
      await level.enter(() => this.broadcast('BeforeTransactionRollback')).catch(() => undefined);
      level.kill();
      await this.connection.idle();
      // Where this fails the whole phase can only be rolled back, and the COMMIT will find that out.
      if (from.alive) await this.rollBackTo(savepoint).catch(() => undefined);
      return { error };
    }
  }

  private assertNoneOpen(level: NestingLevel): void {
    if (level.owner) throw this.overlapping('startTransaction() was called and neither commit nor rollback followed');
  }

  private ended(what: string): () => Error {
    return () => new PhaseEndedError(this.call.branch, what, this.call.xid);
  }
}
