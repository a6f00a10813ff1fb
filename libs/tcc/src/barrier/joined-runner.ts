import { Readable } from 'node:stream';
import type { PoolClient } from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';
import { promised } from '../core/promised.js';
import { isTccError } from '../errors/tcc.error.js';
import { ExplicitTransactions } from './explicit-transactions.js';
import type { JoinedTransaction } from './joined-transaction.js';
import type { NestingLevel } from './nesting-level.js';
import { isPlain, plainly } from './plain-query.js';

type Query = (this: QueryRunner, sql: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>;
type Work = (manager: EntityManager) => Promise<unknown>;

/** What makes a runner a joined one. Constructed, so that V8 allocates it with the young objects (docs/performance.md). */
class Joined {
  explicit: ExplicitTransactions | undefined;
  client: Promise<PoolClient> | undefined;

  constructor(
    readonly transaction: JoinedTransaction,
    /** The nesting level it was made at. */
    readonly at: NestingLevel,
    /** Of TypeORM: the methods that ours stand in front of. */
    readonly base: QueryRunner & { query: Query },
  ) {}
}

const JOINED = Symbol('joined');
type JoinedRunner = QueryRunner & { [JOINED]: Joined };

/**
 * Makes the runner of a phase join the phase's local transaction: TypeORM's code (0.3 and 1.x) runs unchanged on top of
 * a connection that takes turns and that closes with the phase, but for what `plain-query` does in its stead. Releasing
 * it does nothing: the phase owns the connection.
 *
 * Its prototype is replaced, by one that is made once for all runners of a kind: closures for each runner would cost
 * more than everything else that the barrier does in this process.
 *
 * @param own connected, and nobody else's
 * @returns the same
 */
export function joinRunner(own: QueryRunner, transaction: JoinedTransaction, at: NestingLevel): QueryRunner {
  const base = Object.getPrototypeOf(own) as Joined['base'];
  (own as JoinedRunner)[JOINED] = new Joined(transaction, at, base);
  Object.setPrototypeOf(own, joinedPrototypeOf(base, runnerMethods));
  joinManager(own.manager);
  return own;
}

/** A further runner on the same connection, with explicit transactions of its own. It shares everything else with `own`. */
export function joinedRunnerAt(own: QueryRunner, at: NestingLevel): QueryRunner {
  const { transaction, base } = (own as JoinedRunner)[JOINED];
  const runner = Object.create(own, {
    // TypeORM hands `save(entity, { data })` to subscribers by it, which see the first runner of the phase only.
    data: { get: () => own.data, set: (data: QueryRunner['data']) => (own.data = data) },
    manager: { value: undefined, writable: true },
  }) as JoinedRunner;
  runner[JOINED] = new Joined(transaction, at, base);
  // its constructor sets the runner's manager
  joinManager(transaction.dataSource.createEntityManager(runner));
  return runner;
}

const prototypes = new WeakMap<object, object>();

function joinedPrototypeOf(base: object, methods: object): object {
  let joined = prototypes.get(base);
  if (!joined) {
    joined = Object.create(base, Object.getOwnPropertyDescriptors(methods)) as object;
    prototypes.set(base, joined);
  }
  return joined;
}

const explicitOf = (runner: JoinedRunner): ExplicitTransactions =>
  (runner[JOINED].explicit ??= new ExplicitTransactions(runner[JOINED].transaction, runner[JOINED].at));

function query(runner: JoinedRunner, sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown> {
  const { transaction, at, base } = runner[JOINED];
  const level = transaction.levelOf(at);
  if (!level.isOpen) return Promise.reject(level.refusal());
  const { dataSource } = transaction;
  if (isPlain(dataSource, parameters)) {
    return promised(() =>
      plainly(runner, dataSource, sql, parameters, structured, () => transaction.query(level, sql, parameters)),
    );
  }
  level.begin();
  return base.query.call(runner, sql, parameters, structured).then(
    (answer) => {
      level.end();
      return answer;
    },
    (error: unknown) => {
      level.end();
      throw unwrapped(error);
    },
  );
}

const runnerMethods = {
  query(this: JoinedRunner, sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown> {
    return query(this, sql, parameters, structured);
  },
  connect(this: JoinedRunner): Promise<PoolClient> {
    const joined = this[JOINED];
    const level = joined.transaction.levelOf(joined.at);
    if (!level.alive) return Promise.reject(level.refusal());
    return (joined.client ??= Promise.resolve(gated(joined.transaction, joined.at)));
  },
  // All rows at once: a stream would keep the one connection busy, and the first query made for a row would wait for it.
  async stream(
    this: JoinedRunner,
    sql: string,
    parameters?: unknown[],
    onEnd?: () => void,
    onError?: () => void,
  ): Promise<Readable> {
    const { records } = (await query(this, sql, parameters, true)) as { records?: unknown[] };
    const stream = Readable.from(records ?? [], { objectMode: true });
    if (onEnd) stream.on('end', onEnd);
    if (onError) stream.on('error', onError);
    return stream;
  },
  startTransaction(this: JoinedRunner): Promise<void> {
    return explicitOf(this).start();
  },
  commitTransaction(this: JoinedRunner): Promise<void> {
    return explicitOf(this).commit();
  },
  rollbackTransaction(this: JoinedRunner): Promise<void> {
    return explicitOf(this).rollBack();
  },
  release: (): Promise<void> => Promise.resolve(),
  releasePostgresConnection: (): Promise<void> => Promise.resolve(),
  [Symbol.asyncDispose](this: JoinedRunner): Promise<void> {
    return explicitOf(this).commitAll();
  },
};

function joinManager(manager: EntityManager): void {
  Object.setPrototypeOf(manager, joinedPrototypeOf(Object.getPrototypeOf(manager) as object, managerMethods));
}

const managerMethods = {
  // As TypeORM's own, without the way through the DataSource, which adds nothing where there is a runner.
  query(this: EntityManager, sql: string, parameters?: unknown[]): Promise<unknown> {
    return query(this.queryRunner as JoinedRunner, sql, parameters);
  },
  transaction(this: EntityManager, first: unknown, second?: unknown): Promise<unknown> {
    // As with TypeORM's own nested transactions, an isolation level has no effect on a savepoint.
    const work = typeof first === 'function' ? first : second;
    if (typeof work !== 'function') return Promise.reject(new TypeError('transaction() needs a callback'));
    const { transaction, at } = (this.queryRunner as JoinedRunner)[JOINED];
    return transaction.transaction(at, work as Work);
  },
};

/** The pg client with queries that take turns. */
const gated = (transaction: JoinedTransaction, at: NestingLevel): PoolClient =>
  new Proxy(transaction.connection.client, new Gate(transaction, at));

/** Constructed, as {@link Joined} is. */
class Gate implements ProxyHandler<PoolClient> {
  constructor(
    private readonly transaction: JoinedTransaction,
    private readonly at: NestingLevel,
  ) {}

  get(client: PoolClient, key: PropertyKey): unknown {
    if (key === 'query') return this.send;
    const value: unknown = Reflect.get(client, key, client);
    return typeof value === 'function' ? (value.bind(client) as unknown) : value;
  }

  private readonly send = (statement: string | object, values?: unknown, callback?: unknown): Promise<unknown> => {
    if (typeof values === 'function' || typeof callback === 'function' || 'submit' in Object(statement)) {
      throw new TypeError('Inside a phase pg queries return promises: pass neither a callback nor a cursor or stream.');
    }
    const { transaction, at } = this;
    return transaction.query(transaction.levelOf(at), statement, values as unknown[] | undefined);
  };
}

/** TypeORM wraps whatever a query throws; ours is not the database's and stays what it is. */
function unwrapped(error: unknown): unknown {
  const inner = (error as { driverError?: unknown } | undefined)?.driverError;
  return isTccError(inner) ? inner : error;
}
