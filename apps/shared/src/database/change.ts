import { UnrecoverableError } from 'nestjs-tcc';
import type { EntityManager } from 'typeorm';

/** Runs an UPDATE or DELETE with `returning`. @returns the rows that it returned */
export async function change<Row>(manager: EntityManager, sql: string, parameters: unknown[]): Promise<Row[]> {
  const [rows] = await manager.query<[Row[], number]>(sql, parameters);
  return rows;
}

/**
 * For confirm and cancel: the barrier lets them run only when their try took effect, so what the try left must be there.
 *
 * @throws UnrecoverableError (an operator has to look) when it is not
 */
export function mustHaveChanged(rows: readonly unknown[], what: string): void {
  if (rows.length === 0) throw new UnrecoverableError(`${what} is not there: somebody has changed it by hand`);
}
