import { AMOUNT, BARRIER, TRANSFER } from './sql.mjs';

/** Which branch each side is. */
export const SEQ = { north: 1, south: 2 };

/** @throws when a statement did not move exactly one row: the bench would count work that was not done */
export function expectOneRow(count, what) {
  if (count !== 1) throw new Error(`${what} moved ${count} rows`);
}

/**
 * One phase of one side through TypeORM, as users write it: START TRANSACTION, UPDATE, barrier, COMMIT; four round trips.
 *
 * @param {import('typeorm').DataSource} dataSource
 */
export const throughTypeOrm = (dataSource, side, phase, xid, id) =>
  dataSource.transaction(async (manager) => {
    const [, moved] = await manager.query(TRANSFER[side][phase], [id, AMOUNT]);
    expectOneRow(moved, `${phase} of ${side}`);
    await manager.query(BARRIER[phase], [xid, SEQ[side]]);
  });

/** The same through pg: four round trips, the statements prepared. */
export async function throughPg(pool, side, phase, xid, id) {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const update = { name: `${side}-${phase}`, text: TRANSFER[side][phase], values: [id, AMOUNT] };
    expectOneRow((await client.query(update)).rowCount, `${phase} of ${side}`);
    await client.query({ name: `barrier-${phase}`, text: BARRIER[phase], values: [xid, SEQ[side]] });
    await client.query('commit');
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    client.release();
  }
}

const numbered = (sql, first, second) => sql.replaceAll('$1', first).replaceAll('$2', second);

const asOne = (side, phase) =>
  `with moved as (${TRANSFER[side][phase]} returning id) ` +
  (phase === 'try'
    ? `insert into hand_barrier (xid, seq, status) select $3::uuid, $4::int, 'tried' from moved`
    : `${numbered(BARRIER[phase], '$3', '$4')} and exists (select from moved)`);

const ONE_STATEMENT = Object.fromEntries(
  Object.keys(TRANSFER).map((side) => [side, { try: asOne(side, 'try'), confirm: asOne(side, 'confirm') }]),
);

/** The same as one prepared statement: one round trip. Nobody writes business code so; it is the limit. */
export async function asOneStatement(pool, side, phase, xid, id) {
  const statement = {
    name: `${side}-${phase}`,
    text: ONE_STATEMENT[side][phase],
    values: [id, AMOUNT, xid, SEQ[side]],
  };
  expectOneRow((await pool.query(statement)).rowCount, `${phase} of ${side}`);
}
