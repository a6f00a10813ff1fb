import { setTimeout as pause } from 'node:timers/promises';
import type { Instance } from '../world/instance.js';
import { DATABASES, LEDGERS } from '../world/topology.js';
import { OBSERVER, type World } from '../world/world.js';
import type { Fault } from './plan.js';
import { strikeWire, type WireFault } from './wire-faults.js';

/** What was done, and when. `untilMs` undefined: it is a moment. */
export interface Struck {
  /** Kind, and how: `kill`, `database immediate`, … */
  readonly what: string;
  readonly on: string;
  readonly atMs: number;
  readonly untilMs: number | undefined;
}

/** Carries a plan of faults out. */
export class Nemesis {
  readonly struck: Struck[] = [];
  /** Planned, and there was nobody up to do it to. */
  missed = 0;
  private readonly lasting = new Set<Promise<void>>();
  private readonly over = new AbortController();

  constructor(
    private readonly world: World,
    private readonly instances: readonly Instance[],
    private readonly now: () => number,
  ) {}

  /** Resolves when all has been done, or shortly after `stop()`. */
  async run(plan: readonly Fault[]): Promise<void> {
    for (const fault of plan) {
      await this.wait(fault.atMs - this.now());
      if (this.over.signal.aborted) return;
      this.strike(fault);
    }
  }

  /** No further fault, and those that last end; resolves when everything is healed. */
  async stop(): Promise<void> {
    this.over.abort();
    await Promise.all(this.lasting);
    for (const instance of this.instances) instance.thaw();
    await this.world.heal();
  }

  private strike(fault: Fault): void {
    switch (fault.kind) {
      case 'kill':
      case 'terminate':
        return this.onInstance(fault, (instance) => instance[fault.kind](fault.restartAfterMs));
      case 'freeze':
        return this.onInstance(
          fault,
          (instance) => instance.freeze(),
          (instance) => instance.thaw(),
        );
      case 'database':
        return this.last(this.restart(fault));
      case 'backends':
        return this.last(this.endBackends(fault));
      case 'commit':
      case 'stall':
      case 'refuse':
      case 'delay':
      case 'late':
      case 'torn':
      case 'forget':
      case 'doubt':
        return this.onWire(fault);
    }
  }

  private onInstance(
    fault: Extract<Fault, { instance: number }>,
    act: (instance: Instance) => boolean,
    undo?: (instance: Instance) => void,
  ): void {
    const victims = this.instances.filter(({ spec }) => !spec.steady);
    const from = fault.instance % victims.length;
    const victim = [...victims.slice(from), ...victims.slice(0, from)].find(act);
    if (!victim) {
      this.missed++;
      return;
    }
    const forMs = 'forMs' in fault ? fault.forMs : undefined;
    this.note(fault.kind, victim.name, forMs);
    if (undo) this.last(this.wait(forMs ?? 0).then(() => undo(victim)));
  }

  private async restart({ server: name, mode, forMs }: Extract<Fault, { kind: 'database' }>): Promise<void> {
    const server = this.world.servers[name];
    if (!server.isUp) {
      this.missed++;
      return;
    }
    const atMs = this.now();
    await server.stop(mode);
    await this.wait(forMs);
    await server.start();
    this.struck.push({ what: `database ${mode}`, on: name, atMs, untilMs: this.now() });
  }

  private async endBackends({ server, count }: Extract<Fault, { kind: 'backends' }>): Promise<void> {
    try {
      const url = this.world.servers[server].url('postgres');
      const sql = `select pg_terminate_backend(pid) from (
        select pid from pg_stat_activity where backend_type = 'client backend' and application_name <> $1
        order by random() limit $2) chosen`;
      const ended = await this.world.ask(url, (client) => client.query(sql, [OBSERVER, count]));
      for (let each = 0; each < (ended.rowCount ?? 0); each++) this.note('backend', server, undefined);
    } catch {
      this.missed++; // it is away anyhow
    }
  }

  private onWire(fault: WireFault): void {
    const instance = this.instances[fault.instance % this.instances.length]!;
    const server = 'server' in fault ? fault.server : DATABASES[LEDGERS[instance.spec.service]];
    const on = `${instance.name}/${server}`;
    strikeWire(fault, {
      wire: this.world.wire(instance.name, server),
      // a start that fails over and over is downtime and nothing else
      isOpen: () => instance.isUp && !this.over.signal.aborted,
      note: (what, forMs) => this.note(what, on, forMs),
      later: (ms, act) => this.last(this.wait(ms).then(act)),
    });
  }

  private note(what: string, on: string, forMs: number | undefined): void {
    const atMs = this.now();
    this.struck.push({ what, on, atMs, untilMs: forMs === undefined ? undefined : atMs + forMs });
  }

  private last(work: Promise<void>): void {
    const lasting = work.finally(() => this.lasting.delete(lasting));
    this.lasting.add(lasting);
  }

  /** Ends early when there are to be no more faults. */
  private async wait(ms: number): Promise<void> {
    if (ms > 0) await pause(ms, undefined, { signal: this.over.signal }).catch(() => undefined);
  }
}
