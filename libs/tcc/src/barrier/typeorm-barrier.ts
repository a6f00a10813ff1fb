import type { PoolClient, QueryResult } from 'pg';
import type { DataSource, QueryRunner } from 'typeorm';
import { Alarms } from '../core/alarms.js';
import { type BarrierRuling, type BarrierStatus, ruleOn } from '../core/barrier-ruling.js';
import { endOfTurn } from '../core/end-of-turn.js';
import { noFaults, type FaultHook, type FaultPoint } from '../core/fault-point.js';
import { monotonicNow } from '../core/monotonic-clock.js';
import { BarrierBusyError } from '../errors/barrier-busy.error.js';
import { BarrierRefusedError } from '../errors/barrier-refused.error.js';
import { ConfigurationError } from '../errors/configuration.error.js';
import { LateTryError } from '../errors/late-try.error.js';
import { LocalTransactionAbortedError } from '../errors/local-transaction-aborted.error.js';
import { RepeatedTryError } from '../errors/repeated-try.error.js';
import { TransactionTimedOutError } from '../errors/transaction-timed-out.error.js';
import { migrate } from '../migrations/migrator.js';
import { barrierMigrations } from './barrier-migrations.js';
import { openingOf, statusSql } from './barrier-sql.js';
import type { BarrierCall, BarrierPort, BarrierResult, LocalTransaction } from './barrier.port.js';
import { originalCreateQueryRunner } from './join-data-source.js';
import { JoinedTransaction } from './joined-transaction.js';
import { PhaseOpening } from './phase-opening.js';
import { isConflict, PhaseConnection } from './phase-connection.js';

/** How often a phase is run in all when Postgres gives it up as a conflict (40001, 40P01). */
const ATTEMPTS = 3;

/** The server goes first with a connection that sits idle until the deadline: it says why. */
const GRACE_MS = 1_000;

const LOCK_NOT_AVAILABLE = '55P03';

/** How {@link TypeOrmBarrier} is set up. */
export interface TypeOrmBarrierOptions {
  /** The DataSource's name as the user knows it, for errors. */
  readonly name: string;
  /** What {@link TypeOrmBarrier.open} does. */
  readonly migrations: 'run' | 'check';
  readonly fault: FaultHook;
}

type Step = 'opening' | 'opened' | 'committing' | 'committed' | 'rolled-back';

/** How an attempt ended; `again`: the next one may end otherwise. */
type Attempt<T> = { readonly done: BarrierResult<T> } | { readonly error: unknown; readonly again: boolean | 'behind' };

type Refusal = Extract<BarrierRuling, 'late-try' | 'repeated-try' | 'refuse' | 'busy'>;

/** The barrier in the Postgres database of a TypeORM DataSource. */
export class TypeOrmBarrier implements BarrierPort {
  /** Of what is prepared on the connections; undefined: a pooler gives each transaction another session. */
  private generation: number | undefined = 0;
  /** How many phases are under way. */
  private underWay = 0;
  private readonly alarms = new Alarms();

  constructor(
    private readonly dataSource: DataSource,
    private readonly options: TypeOrmBarrierOptions,
  ) {}

  /** @throws ConfigurationError when the DataSource is not one of Postgres; SchemaError */
  async open(): Promise<void> {
    const { type } = this.dataSource.options;
    if (type !== 'postgres') {
      throw new ConfigurationError(
        `DataSource ${this.options.name}`,
        `the barrier needs Postgres and this is ${type}; for a participant without barrier write dataSource: false`,
      );
    }
    const runner = this.createRunner();
    const connection = new PhaseConnection(runner, (await runner.connect()) as PoolClient);
    try {
      await migrate(
        async (sql, params) => (await connection.send(sql, params)) as QueryResult,
        'barrier',
        barrierMigrations,
        this.options.migrations,
        this.options.name,
      );
    } catch (error) {
      await connection.release(error as Error);
      throw error;
    }
    await connection.release();
  }

  run<T>(call: BarrierCall, business: (local: LocalTransaction) => Promise<T>): Promise<BarrierResult<T>> {
    const ahead = call.mayRunAhead === true && this.dataSource.subscribers.length === 0;
    return this.runUpTo(ATTEMPTS, call, business, ahead);
  }

  private runUpTo<T>(
    times: number,
    call: BarrierCall,
    business: (local: LocalTransaction) => Promise<T>,
    ahead: boolean,
  ): Promise<BarrierResult<T>> {
    return this.attempt(call, business, ahead).then((attempt) => {
      if ('done' in attempt) return attempt.done;
      // What ran ahead and should not have has been rolled back; now the barrier speaks first.
      if (attempt.again === 'behind') return this.runUpTo(times, call, business, false);
      if (attempt.again && times > 1) return this.runUpTo(times - 1, call, business, ahead);
      throw attempt.error;
    });
  }

  private async attempt<T>(
    call: BarrierCall,
    business: (local: LocalTransaction) => Promise<T>,
    ahead: boolean,
  ): Promise<Attempt<T>> {
    const start = this.reach('opening', call);
    if (start) await start;
    // Behind the answers that have arrived: phases that end give their connections back, and the fewer sessions share the
    // work of a busy instance, the less each of them costs Postgres.
    if (this.underWay > 0) await endOfTurn();
    const runner = this.createRunner();
    const connection = new PhaseConnection(runner, (await runner.connect()) as PoolClient);
    const opening: PhaseOpening = new PhaseOpening(connection, {
      statements: () => {
        const statements = openingOf(call, remainingMs(call));
        for (const { text, values } of statements) local.log(text, values);
        return statements;
      },
      generation: this.generation,
      opened: () => this.reach('opened', call),
      runs: (moved) => moved !== undefined && ruleOn(call.phase, call.kind, { moved }, call.evenIfNotTried) === 'run',
    });
    const local = new JoinedTransaction(this.dataSource, connection, call, ahead ? opening : undefined);
    const stopWatch = watch(this.alarms, connection, call);
    let committed = false;
    this.underWay += 1;
    try {
      const done = await (ahead ? runAhead(local, opening, business) : this.runBehind(call, local, opening, business));
      const finishing = local.finish();
      if (finishing) await finishing;
      if (done.ran && call.beforeCommit) await call.beforeCommit();
      const before = this.reach('committing', call);
      if (before) await before;
      // Where a failed statement's error was caught, Postgres rolls back without an error.
      committed = await local.commit();
      if (!committed) throw new LocalTransactionAbortedError(call.branch, call.phase, call.xid);
      local.markActive(false);
      const after = this.reach('committed', call);
      if (after) await after;
      await connection.release();
      if (local.hasSubscribers) await local.broadcast('AfterTransactionCommit');
      return { done };
    } catch (error) {
      if (committed) await connection.release();
      else {
        await this.rollBack(local);
        await this.reach('rolled-back', call);
      }
      if (ahead && opening.state === 'not to run') return { again: 'behind', error };
      // Whatever the business code made of it: where the opening failed it never had a transaction, and after a
      // conflict nothing of this attempt can be kept.
      const reason = opening.failure ? openingFailure(opening.failure.error, call) : error;
      if (!committed && connection.outdated) {
        this.generation =
          connection.outdated === 'session' || this.generation === undefined ? undefined : this.generation + 1;
        return { error: reason, again: true };
      }
      return { error: reason, again: !committed && (connection.conflict || isConflict(reason)) };
    } finally {
      this.underWay -= 1;
      stopWatch();
    }
  }

  /** Opens the transaction and does what the barrier says. */
  private async runBehind<T>(
    call: BarrierCall,
    local: JoinedTransaction,
    opening: PhaseOpening,
    business: (local: LocalTransaction) => Promise<T>,
  ): Promise<BarrierResult<T>> {
    if (local.hasSubscribers) await local.broadcast('BeforeTransactionStart');
    await opening.alone();
    local.markActive(true);
    if (local.hasSubscribers) await local.broadcast('AfterTransactionStart');
    const { moved } = opening;
    const finding = moved ? { moved } : { found: await this.standing(call, local) };
    const ruling = ruleOn(call.phase, call.kind, finding, call.evenIfNotTried);
    if (ruling === 'run') return { ran: true, value: await business(local) };
    if (ruling === 'already' || ruling === 'empty') return { ran: false, why: ruling };
    throw refusal(ruling, call, finding.found);
  }

  private async standing(call: BarrierCall, local: JoinedTransaction): Promise<BarrierStatus | undefined> {
    const { rows } = (await local.execute(statusSql(call))) as QueryResult<{ status: BarrierStatus }>;
    return rows[0]?.status;
  }

  /** Rolls back and gives the connection back, or destroys it where that failed. Never rejects. */
  private async rollBack(local: JoinedTransaction): Promise<void> {
    await local.abandon();
    if (local.hasSubscribers) await local.broadcast('BeforeTransactionRollback').catch(() => undefined);
    const failure = await local.execute('rollback').then(
      () => undefined,
      (error: Error) => error,
    );
    local.markActive(false);
    await local.connection.release(failure);
    if (local.hasSubscribers) await local.broadcast('AfterTransactionRollback').catch(() => undefined);
  }

  private createRunner(): QueryRunner {
    return originalCreateQueryRunner(this.dataSource)('master');
  }

  private reach(step: Step, call: BarrierCall): Promise<void> | undefined {
    if (this.options.fault === noFaults) return undefined;
    const point: FaultPoint = `barrier.${call.phase}.${step}`;
    return this.options.fault(point, { xids: [call.xid], branch: call.branch });
  }
}

/** Business code first: its first statement takes the opening with it. */
function runAhead<T>(
  local: JoinedTransaction,
  opening: PhaseOpening,
  business: (local: LocalTransaction) => Promise<T>,
): Promise<BarrierResult<T>> {
  local.markActive(true);
  return new Promise((resolve, reject) => {
    // Nobody waits for code that waits for statements which are never answered.
    opening.notToRun = reject;
    // What the barrier says goes before what the business code makes of it. That one may have sent no statement, or
    // caught what its first one threw.
    const onceOpen = (then: () => void): void => {
      if (opening.state === 'open') then();
      else opening.done().then(then, reject);
    };
    business(local).then(
      (value) => onceOpen(() => resolve({ ran: true, value })),
      (error: Error) => onceOpen(() => reject(error)),
    );
  });
}

function openingFailure(error: unknown, call: BarrierCall): unknown {
  // Only here: a lock that the business code waited for in vain is that code's failure.
  return (error as { code?: string }).code === LOCK_NOT_AVAILABLE
    ? new BarrierBusyError(call.branch, call.xid, error)
    : error;
}

/**
 * Takes the connection away from a phase that does not end: one that was lost without a word would be missing from the
 * pool for ever. A try is cancelled at its deadline anyway; a confirm or cancel that is only slow, and may yet get done,
 * has the time of its call once more.
 */
function watch(alarms: Alarms, connection: PhaseConnection, call: BarrierCall): () => void {
  if (call.deadline === undefined) return () => undefined;
  const remaining = Math.max(1, call.deadline - monotonicNow());
  return alarms.set(call.phase === 'try' ? remaining + GRACE_MS : 2 * remaining, () =>
    connection.drop(new Error(`${call.phase} of ${call.branch} has not ended in time: its connection is dropped`)),
  );
}

/** @throws TransactionTimedOutError when nothing is left for a try */
function remainingMs(call: BarrierCall): number | undefined {
  if (call.deadline === undefined) return undefined;
  const remaining = call.deadline - monotonicNow();
  if (remaining <= 0 && call.phase === 'try') throw new TransactionTimedOutError(`calling ${call.branch}`, call.xid);
  return remaining;
}

function refusal(ruling: Refusal, call: BarrierCall, found: BarrierStatus | undefined): Error {
  const { branch, xid, seq, phase } = call;
  if (ruling === 'late-try') return new LateTryError(branch, xid, seq);
  if (ruling === 'repeated-try') return new RepeatedTryError(branch, xid, seq);
  // A try is never refused in this way; the ruling has no such cell.
  if (ruling === 'refuse' && phase !== 'try') return new BarrierRefusedError(branch, xid, seq, phase, found);
  return new BarrierBusyError(branch, xid, undefined);
}
