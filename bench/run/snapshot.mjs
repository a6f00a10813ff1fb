import { availableParallelism } from 'node:os';
import { cpuOfMachine, cpuOfTree } from '../counters/processes.mjs';
import { readServer } from '../counters/server.mjs';

/** Everything that is counted, at one moment. */
export async function snapshot({ client, wire, postgresPid, peerPid }) {
  const { user, system } = process.cpuUsage();
  return {
    ms: performance.now(),
    cpu: { node: user + system, postgres: cpuOfTree(postgresPid), peer: cpuOfTree(peerPid) },
    machine: cpuOfMachine(),
    wire: wire.read(),
    ...(await readServer(client)),
  };
}

const NOTHING = { statements: 0, commits: 0, roundTrips: 0 };

/**
 * What happened between two snapshots. Undefined: not known.
 *
 * @param {Record<'north' | 'south' | 'ledger', string>} databases names
 */
export function between(before, after, databases) {
  const grown = (of) => (of(after) === undefined || of(before) === undefined ? undefined : of(after) - of(before));
  const wire = (side, what) => grown(({ wire: counts }) => (counts[databases[side]] ?? NOTHING)[what]);
  const witnessed = (side) => grown(({ commits }) => commits[databases[side]]);
  const counts = (...sides) =>
    Object.fromEntries(
      Object.keys(NOTHING).map((what) => [what, sides.map((side) => wire(side, what)).reduce((a, b) => a + b)]),
    );
  return {
    ms: grown(({ ms }) => ms),
    cpu: {
      node: grown(({ cpu }) => cpu.node),
      postgres: grown(({ cpu }) => cpu.postgres),
      peer: grown(({ cpu }) => cpu.peer),
    },
    ledger: counts('ledger'),
    participants: counts('north', 'south'),
    // as pg_stat_database has them
    commitsByServer: { ledger: witnessed('ledger'), participants: witnessed('north') + witnessed('south') },
    walBytes: grown(({ walBytes }) => walBytes),
    walSyncs: grown(({ walSyncs }) => walSyncs),
    machine: {
      capacity: grown(({ ms }) => ms) * 1_000 * availableParallelism(),
      busy: grown(({ machine }) => machine?.busy),
      stolen: grown(({ machine }) => machine?.stolen),
    },
  };
}
