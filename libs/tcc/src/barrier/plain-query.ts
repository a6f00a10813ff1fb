import type { QueryResult as PgResult } from 'pg';
import { QueryFailedError, QueryResult, type DataSource, type QueryRunner } from 'typeorm';
import { isTccError } from '../errors/tcc.error.js';
import type { RawAnswer } from './phase-connection.js';

/**
 * Whether TypeORM's own `query()` would do no more than {@link plainly}: nobody listens to its events and nobody
 * measures its time. Its way takes ten promises; without them a transfer of the bench takes Node 6 % less CPU.
 */
export const isPlain = ({ subscribers, options }: DataSource, parameters: unknown): boolean =>
  subscribers.length === 0 && !options.maxQueryExecutionTime && (!parameters || Array.isArray(parameters));

/**
 * What TypeORM's `query()` (0.3 and 1.x) makes of a statement: the same log, results and errors.
 *
 * @param structured as TypeORM's ORM asks for it: a QueryResult instead of rows
 * @throws QueryFailedError
 */
export function plainly(
  runner: QueryRunner,
  { logger }: DataSource,
  sql: string,
  parameters: unknown[] | undefined,
  structured: boolean | undefined,
  send: () => Promise<RawAnswer>,
): Promise<unknown> {
  logger.logQuery(sql, parameters, runner);
  return send().then(
    (answer) => (structured ? structuredOf(answer) : rowsOf(answer)),
    (error: Error) => {
      logger.logQueryError(error, sql, parameters, runner);
      // ours is not the database's, and stays what it is
      throw isTccError(error) ? error : new QueryFailedError(sql, parameters, error);
    },
  );
}

/** Several statements in one string have several answers, of which TypeORM returns none. */
const isOne = (answer: RawAnswer): answer is PgResult => !Array.isArray(answer);

function rowsOf(answer: RawAnswer): unknown {
  if (!isOne(answer)) return undefined;
  const { command, rows, rowCount } = answer;
  return command === 'UPDATE' || command === 'DELETE' ? [rows, rowCount] : rows;
}

function structuredOf(answer: RawAnswer): QueryResult {
  const result = new QueryResult();
  if (isOne(answer)) {
    result.records = answer.rows;
    result.affected = answer.rowCount as number;
  }
  result.raw = rowsOf(answer);
  return result;
}
