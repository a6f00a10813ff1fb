import type { PoolClient, QueryResult } from 'pg';
import { LedgerFailure } from '../ledger-failure.js';
import { sqlStateOf } from './failure-of.js';
import type { Statement } from './sql/statement.js';

/** "Current transaction is aborted": the echo of an error that was reported before. */
const ECHO = '25P02';

/** Runs one statement, a transaction of its own. */
export async function sendOne<Row>(client: PoolClient, statement: Statement<Row>): Promise<Row[]> {
  const { rows } = await client.query(statement);
  return rows as Row[];
}

/**
 * Runs statements in one transaction, none of which depends on what another returned: they go out together where pg
 * can pipeline.
 *
 * @returns the rows of each
 * @throws the first error; nothing took effect unless it says otherwise
 */
export async function sendAll(client: PoolClient, statements: readonly Statement<unknown>[]): Promise<unknown[][]> {
  const results = client.pipeline
    ? await pipelined(client, ['begin', ...statements, 'commit'])
    : await oneByOne(client, ['begin', ...statements, 'commit']);
  if (results.at(-1)?.command !== 'COMMIT') {
    throw new LedgerFailure('conflict', new Error('the server rolled the transaction back'));
  }
  return results.slice(1, -1).map(({ rows }) => rows as unknown[]);
}

async function pipelined(
  client: PoolClient,
  queries: readonly (string | Statement<unknown>)[],
): Promise<QueryResult[]> {
  const answers = await Promise.allSettled(queries.map((query) => client.query(query)));
  const failed = answers.findIndex((answer) => answer.status === 'rejected' && sqlStateOf(answer.reason) !== ECHO);
  if (failed >= 0) {
    const { reason } = answers[failed] as PromiseRejectedResult;
    // Without its BEGIN each statement was a transaction of its own, and may have committed.
    throw failed === 0 ? new LedgerFailure('unknown', reason) : reason;
  }
  return answers.map((answer) => (answer as PromiseFulfilledResult<QueryResult>).value);
}

async function oneByOne(client: PoolClient, queries: readonly (string | Statement<unknown>)[]): Promise<QueryResult[]> {
  const results: QueryResult[] = [];
  try {
    for (const query of queries) results.push(await client.query(query));
  } catch (error) {
    try {
      await client.query('rollback');
    } catch {
      throw new LedgerFailure('unknown', error);
    }
    throw error;
  }
  return results;
}
