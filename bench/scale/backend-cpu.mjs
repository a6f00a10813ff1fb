import { readFileSync } from 'node:fs';
import { connected } from '../server/databases.mjs';

const NANOSECONDS = 1e6;

/** What the server's processes behind a ledger's connections have worked. */
export class BackendCpu {
  #pids;

  constructor(pids) {
    this.#pids = pids;
  }

  /** @param {string} url of a ledger whose connections are open */
  static of(url) {
    return connected(url, async (client) => {
      const { rows } = await client.query(
        `select pid from pg_stat_activity where datname = current_database() and application_name = 'nestjs-tcc'`,
      );
      return new BackendCpu(rows.map(({ pid }) => pid));
    });
  }

  /** So far; undefined where there is no /proc. Processes that have come since are not counted. */
  milliseconds() {
    try {
      const spent = this.#pids.map((pid) => Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]));
      return spent.reduce((sum, nanoseconds) => sum + nanoseconds, 0) / NANOSECONDS;
    } catch {
      return undefined;
    }
  }
}
