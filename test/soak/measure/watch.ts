import { setTimeout as pause } from 'node:timers/promises';
import type { Measure } from '../app/protocol.js';
import type { Instance } from '../world/instance.js';
import { SERVERS } from '../world/topology.js';
import { OBSERVER, type World } from '../world/world.js';

export interface Sample {
  readonly atMs: number;
  readonly measure: Measure;
}

/** Backends per application and database, `bank-1/north`. Incomplete where a server was away. */
export interface ConnectionSample {
  readonly atMs: number;
  readonly complete: boolean;
  readonly backends: Readonly<Record<string, number>>;
  /** In a transaction and waiting for their client. */
  readonly idleInTransaction: Readonly<Record<string, number>>;
}

const EVERY_MS = 5_000;

/** Looks at memory and connections from time to time. */
export class Watch {
  readonly samples: Sample[] = [];
  readonly connections: ConnectionSample[] = [];
  private readonly over = new AbortController();

  constructor(
    private readonly world: World,
    private readonly steady: Instance,
    private readonly now: () => number,
  ) {}

  async run(): Promise<void> {
    while (!this.over.signal.aborted) {
      await pause(EVERY_MS, undefined, { signal: this.over.signal }).catch(() => undefined);
      if (this.over.signal.aborted) return;
      const reply = await Promise.race([
        this.steady.ask({ do: 'measure' }),
        pause(EVERY_MS, undefined, { signal: this.over.signal }).catch(() => undefined),
      ]);
      if (reply && 'measure' in reply) this.samples.push({ atMs: this.now(), measure: reply.measure });
      this.connections.push(await this.look());
    }
  }

  stop(): void {
    this.over.abort();
  }

  /** The backends of all instances at this moment. */
  async look(): Promise<ConnectionSample> {
    const backends: Record<string, number> = {};
    const idleInTransaction: Record<string, number> = {};
    let complete = true;
    const sql = `select application_name as name, count(*)::int as count,
        (count(*) filter (where state like 'idle in transaction%'))::int as idle
      from pg_stat_activity where backend_type = 'client backend' and application_name <> $1 group by 1`;
    for (const server of SERVERS) {
      try {
        const { rows } = await this.world.ask(this.world.servers[server].url('postgres'), (client) =>
          client.query<{ name: string; count: number; idle: number }>(sql, [OBSERVER]),
        );
        for (const { name, count, idle } of rows) {
          backends[name] = (backends[name] ?? 0) + count;
          idleInTransaction[name] = (idleInTransaction[name] ?? 0) + idle;
        }
      } catch {
        complete = false; // it is down at the moment
      }
    }
    return { atMs: this.now(), complete, backends, idleInTransaction };
  }
}
