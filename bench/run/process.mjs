import { fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * @typedef {object} Order what a worker is told at its start
 * @property {string} mode
 * @property {number} concurrency
 * @property {number} poolSize connections to each database
 * @property {import('../modes/modes.mjs').Urls} urls
 * @property {number} [postgresPid]
 */

/** For a worker that hangs: beyond what it was asked to do, in milliseconds. */
const SPARE_MS = 120_000;

/** A worker, seen from its parent. Every method rejects when it fails or its process ends. */
export class WorkerProcess {
  #child = fork(new URL('worker.mjs', import.meta.url), { serialization: 'advanced' });
  #ended = once(this.#child, 'exit');

  /** @param {Order} order */
  constructor(order) {
    this.order = order;
    this.name = `${order.mode} at ${order.concurrency}`;
  }

  start() {
    return this.#ask('start', this.order);
  }

  /** @param {{ ramp: number, seconds: number }} length */
  slice(length) {
    return this.#ask('slice', length, (length.ramp + length.seconds) * 1_000);
  }

  /** @returns {Promise<number>} all transfers */
  async end() {
    const transfers = await this.#ask('end');
    await this.#ended;
    return transfers;
  }

  kill() {
    this.#child.kill('SIGKILL');
  }

  async #ask(what, about, ms = 0) {
    const timer = setTimeout(() => this.kill(), ms + SPARE_MS);
    const gone = new AbortController();
    try {
      this.#child.send({ what, about });
      const ended = this.#ended.then(([code, signal]) => [{ failure: `its process ended with ${signal ?? code}` }]);
      const [{ value, failure }] = await Promise.race([once(this.#child, 'message', gone), ended]);
      if (failure !== undefined) throw new Error(`${this.name}, ${what}: ${failure}`);
      return value;
    } finally {
      gone.abort();
      clearTimeout(timer);
    }
  }
}
