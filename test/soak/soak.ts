import { setTimeout as pause } from 'node:timers/promises';
import { CHECKS } from './checker/checks.js';
import type { Verdict } from './checker/check.js';
import { progress } from './checker/progress-check.js';
import { Findings } from './checker/state.js';
import { Clients } from './clients.js';
import { History } from './history.js';
import { Logs } from './logs.js';
import { connectionsFit, heapGrowth, heapIsFlat } from './measure/growth.js';
import { Watch, type ConnectionSample } from './measure/watch.js';
import { Nemesis } from './nemesis/nemesis.js';
import { planFaults, quietTimes } from './nemesis/plan.js';
import type { SoakOptions } from './options.js';
import { minuteLine, type SoakResult } from './report.js';
import { Instance } from './world/instance.js';
import { openTransactions, readState } from './world/read-state.js';
import { INSTANCES } from './world/topology.js';
import { World } from './world/world.js';

/** After the last fault: clients go on for a moment, and what is left open must settle. */
const CALM_MS = 5_000;
const SETTLE_WITHIN_MS = 60_000;
/** Less than a pool keeps an idle connection, so that a leak is still there. */
const AT_REST_WITHIN_MS = 3_000;
const LONGEST_GAP_MS = 30_000;
const START_WITHIN_MS = 60_000;

/** One run: load and faults, calm, and the checks. */
export class Soak {
  private readonly history = new History();
  private readonly logs = new Logs();
  private readonly instances: readonly Instance[];
  private readonly now = (): number => this.history.now();

  private constructor(
    private readonly options: SoakOptions,
    readonly world: World,
  ) {
    this.instances = INSTANCES.map((spec) => new Instance(spec, world.plan(spec), this.logs));
  }

  static async start(options: SoakOptions): Promise<Soak> {
    const world = await World.start(INSTANCES);
    return new Soak(options, world);
  }

  async run(print: (line: string) => void): Promise<SoakResult> {
    const { minutes, seed, clients: clientCount } = this.options;
    await this.startInstances();
    const startedAt = this.now();
    const since = (): number => this.now() - startedAt;
    const nemesis = new Nemesis(this.world, this.instances, since);
    const watch = new Watch(
      this.world,
      this.instances.find(({ spec }) => spec.steady)!,
      since,
    );
    const clients = new Clients(this.instances, this.history, seed);
    clients.start(clientCount);
    const watching = watch.run();
    const faults = nemesis.run(planFaults(seed, minutes));
    const endMs = minutes * 60_000;
    for (let minute = 1; since() < endMs; minute++) {
      await pause(Math.min(minute * 60_000, endMs) - since());
      print(minuteLine(since(), this.history.events, nemesis.struck, watch.samples.at(-1)));
    }
    await nemesis.stop();
    await faults;

    const open = await openTransactions(this.world);
    const settledMs = await this.settle(open);
    await pause(CALM_MS);
    await clients.stop();
    await this.settle(undefined);
    const state = await readState(this.world);
    const connections = await this.connectionsAtRest(watch);
    watch.stop();
    await watching;

    const run = { events: this.history.events, found: new Findings(state) };
    const quiet = quietTimes(minutes).map(([from, to]) => [from + startedAt, to + startedAt] as const);
    const growth = heapGrowth(watch.samples);
    const verdicts: Verdict[] = [
      ...CHECKS.map((check) => check(run)),
      progress(run.events, { quiet, longestGapMs: LONGEST_GAP_MS, startMs: startedAt, endMs: startedAt + endMs }),
      this.logs.noUnexpectedEnd(INSTANCES.length),
      connectionsFit(connections),
      heapIsFlat(growth),
    ];
    return {
      options: this.options,
      ranMs: endMs,
      run,
      struck: nemesis.struck,
      missed: nemesis.missed,
      openAtCalm: open.length,
      settledMs,
      growth,
      samples: watch.samples,
      connections: watch.connections,
      logs: this.logs,
      verdicts,
    };
  }

  /**
   * A pool forgets a connection before the server has ended its backend, and the last settle has left a moment's work:
   * what is too many at one look only has not leaked.
   */
  private async connectionsAtRest(watch: Watch): Promise<ConnectionSample> {
    const giveUpAt = this.now() + AT_REST_WITHIN_MS;
    for (;;) {
      const connections = await watch.look();
      if (connectionsFit(connections).breaches.length === 0 || this.now() >= giveUpAt) return connections;
      await pause(100);
    }
  }

  /** Ends everything it has started. */
  async stop(): Promise<void> {
    await Promise.all(this.instances.map((instance) => instance.close()));
    await this.world.stop();
  }

  private async startInstances(): Promise<void> {
    for (const instance of this.instances) instance.start();
    const giveUpAt = performance.now() + START_WITHIN_MS;
    while (!this.instances.every(({ isUp }) => isUp)) {
      if (performance.now() > giveUpAt)
        throw new Error(`not every instance has started:\n${this.logs.startFailures()}`);
      await pause(50);
    }
  }

  /** @param among undefined: all. @returns how long it took; undefined: something is still open */
  private async settle(among: readonly string[] | undefined): Promise<number | undefined> {
    const from = performance.now();
    while (performance.now() - from < SETTLE_WITHIN_MS) {
      if ((await openTransactions(this.world, among)).length === 0) return Math.round(performance.now() - from);
      await pause(50);
    }
    return undefined;
  }
}
