// DBOS: a workflow of four steps. A step is at least once, so the barrier row stays in the business transaction.
import pg from 'pg';
import { load } from '../peers/packages.mjs';
import { byHand } from '../workload/by-hand.mjs';
import { throughPg } from '../workload/local-transaction.mjs';

/** @type {import('./modes.mjs').Start} */
export async function start({ urls, poolSize, wire }) {
  // it brings a pg of its own
  wire.watch((await load('pg')).default);
  const { DBOS } = await load('@dbos-inc/dbos-sdk');
  const pools = {
    north: new pg.Pool({ connectionString: urls.north, max: poolSize }),
    south: new pg.Pool({ connectionString: urls.south, max: poolSize }),
  };
  const step = (side, phase, xid, id) =>
    DBOS.runStep(() => throughPg(pools[side], side, phase, xid, id), { name: `${phase} ${side}` });
  const transfer = DBOS.registerWorkflow((accounts) => byHand(step, DBOS.workflowID, accounts), { name: 'transfer' });
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: urls.ledger,
    systemDatabasePoolSize: poolSize,
    logLevel: 'error',
    runAdminServer: false,
  });
  await DBOS.launch();
  return {
    // called as a method it would look for a registered object
    transfer: (accounts) => transfer(accounts),
    async stop() {
      await DBOS.shutdown();
      await Promise.all([pools.north.end(), pools.south.end()]);
    },
  };
}
