// By hand over pg, without TypeORM: what is possible at all.
import pg from 'pg';
import { uuidv7 } from 'uuidv7';
import { byHand } from '../workload/by-hand.mjs';
import { asOneStatement, throughPg } from '../workload/local-transaction.mjs';

/** @type {import('./modes.mjs').Start} */
export async function start({ urls, poolSize }, { oneStatement }) {
  const pools = {
    north: new pg.Pool({ connectionString: urls.north, max: poolSize }),
    south: new pg.Pool({ connectionString: urls.south, max: poolSize }),
  };
  const run = oneStatement ? asOneStatement : throughPg;
  const local = (side, phase, xid, id) => run(pools[side], side, phase, xid, id);
  return {
    transfer: (accounts) => byHand(local, uuidv7(), accounts),
    stop: () => Promise.all([pools.north.end(), pools.south.end()]),
  };
}
