// One point: one mode at one concurrency, in a process of its own. Told by its parent what to do, it answers with what
// it measured.
import { availableParallelism } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { WireCounter } from '../counters/wire.mjs';
import { MODES } from '../modes/modes.mjs';
import { percentiles } from '../report/statistics.mjs';
import { connected, databaseOf } from '../server/databases.mjs';
import { Load } from './load.mjs';
import { between, snapshot } from './snapshot.mjs';

/** @param {import('./point.mjs').Order} order */
async function measure({ mode, concurrency, seconds, warmUp, poolSize, urls, postgresPid }) {
  const { load, options = {} } = MODES[mode];
  const { start } = await load();
  return connected(urls.ledger, async (client) => {
    // from here on, so that looking is not counted
    const wire = new WireCounter().watch(pg);
    const subject = await start({ urls, poolSize, concurrency, wire }, options);
    const look = () => snapshot({ client, wire, postgresPid, peerPid: subject.peerPid });
    const running = new Load(subject, concurrency);
    await pause(warmUp * 1_000);
    const before = await look();
    running.record = true;
    await pause(seconds * 1_000);
    running.record = false;
    const transfers = running.settled.length;
    const after = await look();
    await running.stop();
    await subject.stop();
    if (transfers === 0) throw new Error(`no transfer settled within ${seconds} s`);
    const databases = Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, databaseOf(url)]));
    return {
      transfers: running.total + (subject.before ?? 0),
      figures: {
        ...between(before, after, { transfers, databases, cores: availableParallelism() }),
        answered: percentiles(running.answered),
        settled: percentiles(running.settled),
      },
    };
  });
}

process.once('disconnect', () => process.exit(1));
process.once('message', (order) => {
  measure(order)
    .then((measured) => ({ measured }))
    .catch((error) => ({ failure: error instanceof Error ? error.stack : String(error) }))
    .then((answer) => process.send(answer, () => process.exit(0)));
});
