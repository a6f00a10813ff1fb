import { startPostgres } from 'nestjs-tcc-testing';
import { baseOf, MODES } from '../modes/modes.mjs';
import { describeMachine } from '../report/machine.mjs';
import { createDatabases } from '../server/databases.mjs';
import { withPeers } from './peers.mjs';
import { measurePoint } from './point.mjs';
import { interleaved } from './rounds.mjs';

// what a database in production has; a temporary server would leave them off
const DURABLE = ['fsync=on', 'synchronous_commit=on', 'full_page_writes=on'];

/**
 * Measures every point. One that fails is told, and the others are measured all the same.
 *
 * @param {object} options as `readOptions` has them
 */
export async function measureAll(options) {
  const { concurrencies, rounds, seconds, warmUp, poolSize } = options;
  const modes = withPeers(options);
  const server = await startPostgres({ settings: DURABLE });
  const points = [];
  const failures = [];
  // the databases are dropped all the same; the workers have heard it themselves
  process.once('SIGINT', () => failures.push('interrupted'));
  try {
    const machine = await describeMachine(server);
    const lax = ['fsync', 'synchronous_commit', 'full_page_writes'].filter((name) => machine.postgres[name] !== 'on');
    if (lax.length > 0) console.error(`Not durable, so no measure of anything real: ${lax.join(', ')} of the server.`);
    const { urls, drop } = await createDatabases(server.url);
    try {
      for (const { round, mode, concurrency } of interleaved({ modes, concurrencies, rounds })) {
        if (failures.includes('interrupted')) break;
        const order = { mode, concurrency, poolSize, urls, postgresPid: server.pid };
        const base = baseOf(mode);
        const where = `round ${round}/${rounds}, ${concurrency} at a time`;
        try {
          const measured = await measurePoint({ order, base, against: MODES[mode].against, seconds, warmUp });
          points.push({ round, mode, concurrency, ...measured });
          const rate = (figures) => `${figures.throughput.toFixed(0)}/s`;
          console.error(`${where}: ${mode} ${rate(measured.figures)}, ${base} ${rate(measured.base)}`);
        } catch (error) {
          failures.push(`${where}: ${error.message}`);
          console.error(failures.at(-1));
        }
      }
    } finally {
      await drop();
    }
    return { machine, options, points, failures };
  } finally {
    await server.stop();
  }
}
