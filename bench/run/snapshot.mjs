import { cpuOfMachine, cpuOfTree } from '../counters/processes.mjs';
import { readServer } from '../counters/server.mjs';

/** Everything that is counted, at one moment. Differences of two are what happened between. */
export async function snapshot({ client, wire, postgresPid, peerPid }) {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now(),
    node: user + system,
    postgres: cpuOfTree(postgresPid),
    peer: cpuOfTree(peerPid),
    machine: cpuOfMachine(),
    wire: wire.read(),
    ...(await readServer(client)),
  };
}

const minus = (after, before) => (after === undefined || before === undefined ? undefined : after - before);

/**
 * @param {Awaited<ReturnType<typeof snapshot>>} before
 * @param {Awaited<ReturnType<typeof snapshot>>} after
 * @param {{ transfers: number, databases: Record<'north' | 'south' | 'ledger', string>, cores: number }} of
 */
export function between(before, after, { transfers, databases, cores }) {
  const ms = after.at - before.at;
  const each = (total) => (total === undefined ? undefined : total / transfers);
  const wire = (side, what) => (after.wire[databases[side]]?.[what] ?? 0) - (before.wire[databases[side]]?.[what] ?? 0);
  const witnessed = (side) => after.commits[databases[side]] - before.commits[databases[side]];
  const cpu = {
    node: each(minus(after.node, before.node)),
    postgres: each(minus(after.postgres, before.postgres)),
    peer: each(minus(after.peer, before.peer)),
  };
  return {
    seconds: ms / 1_000,
    throughput: transfers / (ms / 1_000),
    cpu,
    ledger: {
      statements: each(wire('ledger', 'statements')),
      commits: each(wire('ledger', 'commits')),
      roundTrips: each(wire('ledger', 'roundTrips')),
    },
    participants: {
      statements: each(wire('north', 'statements') + wire('south', 'statements')),
      commits: each(wire('north', 'commits') + wire('south', 'commits')),
      roundTrips: each(wire('north', 'roundTrips') + wire('south', 'roundTrips')),
    },
    // as pg_stat_database has them
    commitsByServer: { ledger: each(witnessed('ledger')), participants: each(witnessed('north') + witnessed('south')) },
    walBytes: each(after.walBytes - before.walBytes),
    walSyncs: each(after.walSyncs - before.walSyncs),
    disturbance: disturbance(before, after, ms * 1_000 * cores),
  };
}

/** Shares of the machine that its host took, and that processes took which are no part of the bench. */
function disturbance(before, after, capacity) {
  if (!after.machine || after.postgres === undefined) return undefined;
  const busy = after.machine.busy - before.machine.busy;
  const peer = minus(after.peer, before.peer) ?? 0;
  const ours = after.node - before.node + (after.postgres - before.postgres) + peer;
  return {
    stolen: (after.machine.stolen - before.machine.stolen) / capacity,
    others: Math.max(0, busy - ours) / capacity,
  };
}
