import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { startPostgres, type EmbeddedPostgres } from 'nestjs-tcc-testing';
import pg from 'pg';
import type { DatabaseServer } from '../../../shared/src/database/database-server.js';
import { freePort } from '../../../shared/src/process/free-port.js';
import { entryOf, environmentOf, type ShopPart, type ShopPlan } from '../../../shared/src/process/shop-parts.js';
import { openTransactions } from './checks.js';
import { spawnPart, type PartProcess } from './part-process.js';
import { takeSnapshot, type Snapshot } from './snapshot.js';

const DATABASES = ['shop', 'inventory', 'payment'];

/** So that nobody has to wait long for what would come by itself anyway. */
const IMPATIENT = {
  TCC_LEASE: '1s',
  TCC_POLL: '200ms',
  TCC_CALL_TIMEOUT: '1s',
  TCC_PHASE_TWO_WAIT: '1s',
  TCC_RETRY_INITIAL: '200ms',
  TCC_RETRY_CAP: '1s',
};

const SETTLES_WITHIN_MS = 20_000;
const LOOK_AGAIN_MS = 100;

/** A database server that outlives the processes of the shop, and those processes. */
export class ShopWorld {
  private readonly processes = new Set<PartProcess>();
  private readonly closing = new AbortController();

  private constructor(
    private readonly postgres: EmbeddedPostgres,
    readonly server: DatabaseServer,
    private readonly plan: ShopPlan,
  ) {}

  /** Starts a server, or uses `DATABASE_URL` with databases of its own. */
  static async open(): Promise<ShopWorld> {
    const postgres = await startPostgres();
    const isOurs = postgres.pid !== undefined;
    const prefix = isOurs ? '' : `demo_${randomBytes(4).toString('hex')}_`;
    const host = '127.0.0.1';
    const secret = randomBytes(32).toString('hex');
    const ports = { inventory: await freePort(host), payment: await freePort(host), shop: 0 };
    return new ShopWorld(postgres, { url: postgres.url, prefix }, { transport: 'http', secret, host, ports });
  }

  /** Starts one of the three: inventory and payment where the storefront knows them to be. */
  async start(part: ShopPart, env: Record<string, string> = {}): Promise<PartProcess> {
    const place = { DATABASE_URL: this.server.url, SHOP_DATABASE_PREFIX: this.server.prefix };
    const process = await spawnPart({
      part,
      entry: entryOf(part),
      env: { ...environmentOf(part, this.plan), ...IMPATIENT, ...place, ...env },
      signal: this.closing.signal,
    });
    this.processes.add(process);
    return process;
  }

  snapshot(): Promise<Snapshot> {
    return takeSnapshot(this.server);
  }

  /** Waits until nothing is owed. Does nothing for it. @throws when that takes too long */
  async settled(): Promise<Snapshot> {
    for (const giveUpAt = performance.now() + SETTLES_WITHIN_MS; ; await pause(LOOK_AGAIN_MS)) {
      const now = await this.snapshot();
      if (openTransactions(now).length === 0) return now;
      if (performance.now() > giveUpAt) throw new Error(`not settled in time: ${openTransactions(now).join(', ')}`);
    }
  }

  /** Closes a database to everybody. */
  async takeAway(database: string): Promise<void> {
    const name = this.server.prefix + database;
    await this.asAdministrator(async (client) => {
      await client.query(`alter database ${client.escapeIdentifier(name)} allow_connections false`);
      await client.query('select pg_terminate_backend(pid) from pg_stat_activity where datname = $1', [name]);
    });
  }

  /** Opens it again. */
  async bringBack(database: string): Promise<void> {
    const name = this.server.prefix + database;
    await this.asAdministrator((client) =>
      client.query(`alter database ${client.escapeIdentifier(name)} allow_connections true`),
    );
  }

  /** Ends every process and every trace. May be called at any moment. */
  async close(): Promise<void> {
    this.closing.abort();
    await Promise.all([...this.processes].map((process) => process.kill()));
    if (this.server.prefix !== '') await this.dropDatabases();
    await this.postgres.stop();
  }

  private async dropDatabases(): Promise<void> {
    await this.asAdministrator(async (client) => {
      for (const database of DATABASES) {
        const name = client.escapeIdentifier(this.server.prefix + database);
        await client.query(`drop database if exists ${name} with (force)`);
      }
    });
  }

  private async asAdministrator(work: (client: pg.Client) => Promise<unknown>): Promise<void> {
    const client = new pg.Client(this.server.url);
    await client.connect();
    try {
      await work(client);
    } finally {
      await client.end();
    }
  }
}
