import type { PoolClient } from 'pg';
import { runInOneSync } from '../../postgres/one-sync.js';
import type { Statement } from './sql/statement.js';

/** Runs one statement, a transaction of its own. */
export async function sendOne<Row>(client: PoolClient, statement: Statement<Row>): Promise<Row[]> {
  const { rows } = await client.query(statement);
  return rows as Row[];
}

/**
 * Runs statements in one transaction, none of which depends on what another returned.
 *
 * @returns the rows of each
 * @throws the first error; nothing took effect unless it says otherwise
 */
export async function sendAll(client: PoolClient, statements: readonly Statement<unknown>[]): Promise<unknown[][]> {
  const results = await runInOneSync(client, statements);
  return results.map(({ rows }) => rows as unknown[]);
}
