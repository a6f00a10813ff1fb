import { startPostgres } from 'nestjs-tcc-testing';
import { baseOf } from '../modes/modes.mjs';
import { describeMachine } from '../report/machine.mjs';
import { createDatabases } from '../server/databases.mjs';
import { withPeers } from './peers.mjs';
import { measurePoint } from './point.mjs';
import { interleaved } from './rounds.mjs';

// what a database in production has; a temporary server would leave them off
const DURABLE = ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on'];

/** @param {object} options as `readOptions` has them */
export async function measureAll(options) {
  const { concurrencies, rounds, seconds, warmUp, poolSize } = options;
  const modes = withPeers(options);
  const server = await startPostgres({ settings: DURABLE });
  const points = [];
  try {
    const machine = await describeMachine(server);
    const { urls, drop } = await createDatabases(server.url);
    try {
      for (const { round, mode, concurrency } of interleaved({ modes, concurrencies, rounds })) {
        const order = { mode, concurrency, poolSize, urls, postgresPid: server.pid };
        const base = baseOf(mode);
        const measured = await measurePoint({ order, base, seconds, warmUp });
        points.push({ round, mode, concurrency, ...measured });
        const rate = measured.figures.throughput.toFixed(0);
        const baseRate = measured.base.throughput.toFixed(0);
        console.error(`round ${round}/${rounds}, ${concurrency} at a time: ${mode} ${rate}/s, ${base} ${baseRate}/s`);
      }
    } finally {
      await drop();
    }
    return { machine, options, points };
  } finally {
    await server.stop();
  }
}
