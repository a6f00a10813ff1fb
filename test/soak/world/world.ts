import { chmodSync, existsSync, mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresLedger } from 'nestjs-tcc';
import pg from 'pg';
import { TcpProxy } from '../../support/processes/tcp-proxy.js';
import type { InstancePlan } from '../app/protocol.js';
import { DatabaseServer } from './database-server.js';
import { TABLES, WATCH_LEDGER } from './schema.js';
import {
  DATABASES,
  FUNDS,
  LEDGERS,
  OWNERS,
  SERVERS,
  type DatabaseName,
  type InstanceSpec,
  type ServerName,
} from './topology.js';

/** Name of the soak's own connections, which faults leave alone. */
export const OBSERVER = 'soak-observer';

/** The servers, and the wires between them and each instance. */
export class World {
  private readonly wires = new Map<string, TcpProxy>();

  private constructor(
    private readonly folder: string,
    readonly servers: Readonly<Record<ServerName, DatabaseServer>>,
  ) {}

  static async start(instances: readonly InstanceSpec[]): Promise<World> {
    const folder = mkdtempSync(join(tmpdir(), 'tcc-soak-'));
    // as root the servers run as somebody else
    chmodSync(folder, 0o755);
    const started: [ServerName, DatabaseServer][] = [];
    try {
      for (const name of SERVERS) started.push([name, await DatabaseServer.start(join(folder, name))]);
      const world = new World(folder, Object.fromEntries(started) as Record<ServerName, DatabaseServer>);
      await world.prepare();
      for (const { name } of instances) {
        for (const server of SERVERS)
          world.wires.set(`${name}/${server}`, await TcpProxy.to(world.servers[server].url('')));
      }
      return world;
    } catch (error) {
      await Promise.all(started.map(([, server]) => server.stop('immediate')));
      removeData(folder);
      throw error;
    }
  }

  /** Past every proxy. */
  url(database: DatabaseName): string {
    return this.servers[DATABASES[database]].url(database);
  }

  wire(instance: string, server: ServerName): TcpProxy {
    return this.wires.get(`${instance}/${server}`)!;
  }

  plan({ name, service, clockShiftMs }: InstanceSpec): InstancePlan {
    const url = (database: DatabaseName): string =>
      new URL(`/${database}`, this.wire(name, DATABASES[database]).url).href;
    const databases = {
      ledger: url(LEDGERS[service]),
      north: url('north'),
      south: url('south'),
      points: url('points'),
      third: url('third'),
    };
    return { instance: name, service, databases, clockShiftMs };
  }

  /** Everything as it should be: servers up, wires whole. */
  async heal(): Promise<void> {
    for (const wire of this.wires.values()) {
      wire.atCommit = () => 'pass';
      wire.delayMs = wire.requestDelayMs = 0;
      wire.tear = () => false;
      wire.heal();
      wire.endForgotten();
    }
    const down = Object.values(this.servers).filter(({ isUp }) => !isUp);
    await Promise.all(down.map((server) => server.start()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.wires.values()].map((wire) => wire.close()));
    await Promise.all(Object.values(this.servers).map((server) => server.stop('immediate')));
    removeData(this.folder);
  }

  /** Runs statements on a connection of their own. */
  async ask<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({ connectionString: url, application_name: OBSERVER, connectionTimeoutMillis: 5_000 });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private async prepare(): Promise<void> {
    for (const [name, server] of Object.entries(DATABASES) as [DatabaseName, ServerName][]) {
      await this.ask(this.servers[server].url('postgres'), (client) => client.query(`create database ${name}`));
      await this.ask(this.url(name), (client) => client.query(TABLES[name]));
    }
    for (const bank of ['north', 'south', 'points'] as const) {
      const sql = 'insert into wallet (owner, balance) select unnest($1::text[]), $2';
      await this.ask(this.url(bank), (client) => client.query(sql, [OWNERS, FUNDS]));
    }
    for (const ledger of Object.values(LEDGERS)) {
      const tables = new PostgresLedger({
        pool: { connectionString: this.url(ledger) },
        database: ledger,
        migrations: 'run',
        timeoutMs: 20_000,
        warn: () => undefined,
      });
      await tables.open();
      await tables.close();
      await this.ask(this.url(ledger), (client) => client.query(WATCH_LEDGER));
    }
  }
}

function removeData(folder: string): void {
  for (const name of SERVERS) {
    // where the server's user may not enter the temporary folder, the data is elsewhere
    const link = join(folder, name, 'elsewhere');
    if (existsSync(link)) rmSync(readlinkSync(link), { recursive: true, force: true });
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
