import { Readable } from 'node:stream';
import type { PoolClient } from 'pg';
import type { EntityManager, QueryRunner } from 'typeorm';
import { isTccError } from '../errors/tcc.error.js';
import { ExplicitTransactions } from './explicit-transactions.js';
import type { JoinedTransaction } from './joined-transaction.js';
import type { NestingLevel } from './nesting-level.js';

type Query = (this: QueryRunner, sql: string, parameters?: unknown[], structured?: boolean) => Promise<unknown>;
type Work = (manager: EntityManager) => Promise<unknown>;

/**
 * A runner that joins the local transaction of a phase. It inherits from the phase's own runner whatever is not said
 * here, so that TypeORM's code (0.3 and 1.x) runs unchanged on top of a connection that takes turns and that closes
 * with the phase. Releasing it does nothing: the phase owns the connection.
 *
 * @param at the nesting level it is made at
 */
export function createJoinedRunner(transaction: JoinedTransaction, at: NestingLevel): QueryRunner {
  const own = transaction.connection.runner;
  const runner = Object.create(own) as QueryRunner;
  const explicit = new ExplicitTransactions(transaction, at);
  const { query: ownQuery } = own as unknown as { query: Query };
  let manager: EntityManager | undefined;

  const query = async (sql: string, parameters?: unknown[], structured?: boolean): Promise<unknown> => {
    const level = transaction.levelOf(at);
    try {
      return await level.admit(() => ownQuery.call(runner, sql, parameters, structured));
    } catch (error) {
      throw unwrapped(error);
    }
  };

  Object.defineProperties(runner, {
    query: { value: query },
    connect: {
      value: async () => {
        const level = transaction.levelOf(at);
        if (!level.alive) throw level.refusal();
        return gated(transaction, at);
      },
    },
    // All rows at once: a stream would keep the one connection busy, and the first query made for a row would wait for it.
    stream: {
      value: async (sql: string, parameters?: unknown[], onEnd?: () => void, onError?: () => void) => {
        const { records } = (await query(sql, parameters, true)) as { records?: unknown[] };
        const stream = Readable.from(records ?? [], { objectMode: true });
        if (onEnd) stream.on('end', onEnd);
        if (onError) stream.on('error', onError);
        return stream;
      },
    },
    startTransaction: { value: () => explicit.start() },
    commitTransaction: { value: () => explicit.commit() },
    rollbackTransaction: { value: () => explicit.rollBack() },
    release: { value: () => Promise.resolve() },
    releasePostgresConnection: { value: () => Promise.resolve() },
    // TypeORM would report a released runner with an error of its own; PhaseEndedError says what happened.
    isReleased: { value: false },
    data: { get: () => own.data, set: (data: QueryRunner['data']) => (own.data = data) },
    manager: {
      get: () => (manager ??= joinedManager(transaction, at, runner)),
      // TypeORM's EntityManager sets it when it is made for a runner.
      set: (made: EntityManager) => (manager = made),
    },
    broadcaster: { value: broadcasterOf(transaction, runner) },
    [Symbol.asyncDispose]: { value: () => explicit.commitAll() },
  });
  return runner;
}

function joinedManager(transaction: JoinedTransaction, at: NestingLevel, runner: QueryRunner): EntityManager {
  const manager = transaction.dataSource.createEntityManager(runner);
  Object.defineProperty(manager, 'transaction', {
    value: (first: unknown, second?: unknown) => {
      // As with TypeORM's own nested transactions, an isolation level has no effect on a savepoint.
      const work = typeof first === 'function' ? first : second;
      if (typeof work !== 'function') return Promise.reject(new TypeError('transaction() needs a callback'));
      return transaction.transaction(at, work as Work);
    },
  });
  return manager;
}

/** One for all runners of a phase: subscribers that keep something per runner find it again in the commit event. */
function broadcasterOf(transaction: JoinedTransaction, runner: QueryRunner): QueryRunner['broadcaster'] {
  // The first runner is made by the transaction's constructor, which has none yet.
  const first = transaction.runner as QueryRunner | undefined;
  if (first) return first.broadcaster;
  const Broadcaster = runner.broadcaster.constructor as new (of: QueryRunner) => QueryRunner['broadcaster'];
  return new Broadcaster(runner);
}

/** The pg client with queries that take turns. */
function gated(transaction: JoinedTransaction, at: NestingLevel): PoolClient {
  const query = (statement: string | object, values?: unknown, callback?: unknown): Promise<unknown> => {
    if (typeof values === 'function' || typeof callback === 'function' || 'submit' in Object(statement)) {
      throw new TypeError('Inside a phase pg queries return promises: pass neither a callback nor a cursor or stream.');
    }
    return transaction.query(transaction.levelOf(at), statement, values as unknown[] | undefined);
  };
  return new Proxy(transaction.connection.client, {
    get(client, key) {
      if (key === 'query') return query;
      const value: unknown = Reflect.get(client, key, client);
      return typeof value === 'function' ? (value.bind(client) as unknown) : value;
    },
  });
}

/** TypeORM wraps whatever a query throws; ours is not the database's and stays what it is. */
function unwrapped(error: unknown): unknown {
  const inner = (error as { driverError?: unknown } | undefined)?.driverError;
  return isTccError(inner) ? inner : error;
}
