// One mode at one concurrency, in a process of its own. Its parent tells it when to work: what it is compared with works
// in between.
import pg from 'pg';
import { reportStandstills } from '../counters/standstill.mjs';
import { WireCounter } from '../counters/wire.mjs';
import { MODES } from '../modes/modes.mjs';
import { databaseOf } from '../server/databases.mjs';
import { Load } from './load.mjs';
import { between, snapshot } from './snapshot.mjs';

const pause = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1_000));

class Worker {
  #transfers = 0;

  /** @param {import('./process.mjs').Order} order */
  async start(order) {
    const { mode, concurrency, poolSize, urls } = order;
    this.order = order;
    reportStandstills(`${mode} at ${concurrency}`);
    this.databases = Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, databaseOf(url)]));
    // before anything is counted: looking is no part of the work
    this.client = new pg.Client(urls.ledger);
    await this.client.connect();
    this.wire = new WireCounter().watch(pg);
    const { load, options = {} } = MODES[mode];
    const { start } = await load();
    this.subject = await start({ urls, poolSize, concurrency, wire: this.wire }, options);
    this.#transfers = this.subject.before ?? 0;
  }

  /** Works for `ramp` seconds, then for `seconds` that count. @returns with the `transfers` of both */
  async slice({ ramp, seconds }) {
    const load = new Load(this.subject, this.order.concurrency);
    await pause(ramp);
    const before = await this.#look();
    load.record = true;
    await pause(seconds);
    load.record = false;
    const after = await this.#look();
    await load.stop();
    this.#transfers += load.total;
    return {
      transfers: load.total,
      ...between(before, after, this.databases),
      answered: Float64Array.from(load.answered),
      settled: Float64Array.from(load.settled),
    };
  }

  /** @returns how many transfers there were, those included that did not count */
  async end() {
    await this.subject.stop();
    await this.client.end();
    return this.#transfers;
  }

  #look() {
    const { postgresPid } = this.order;
    return snapshot({ client: this.client, wire: this.wire, postgresPid, peerPid: this.subject.peerPid });
  }
}

const worker = new Worker();
const does = {
  start: (order) => worker.start(order),
  slice: (length) => worker.slice(length),
  end: () => worker.end(),
};

process.once('disconnect', () => process.exit(1));
process.on('message', ({ what, about }) => {
  does[what](about)
    .then((value) => ({ value }))
    .catch((error) => ({ failure: error instanceof Error ? error.stack : String(error) }))
    .then((answer) => process.send(answer, () => what === 'end' && process.exit(0)));
});
