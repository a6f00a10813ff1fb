import type { BarrierCall } from 'nestjs-tcc';
import { ModelProcess } from '../engine/model-process.js';
import { useTime } from '../engine/virtual-globals.js';
import { VirtualTime } from '../engine/virtual-time.js';
import type { Footprint, Violation, World } from '../explorer/world.js';
import { Adversary } from './adversary.js';
import { Budget } from './budget.js';
import type { DeliveryEnd } from './delivery.js';
import type { EventSource, ModelEvent } from './event.js';
import { type Invariant, Judge, type LedgerChange, type RowView, type Scene, viewsOf } from './history.js';
import { Instance } from './instance.js';
import { Instances } from './instances.js';
import { LedgerCalls } from './ledger-calls.js';
import { LedgerStore } from './ledger-store.js';
import { Names } from './names.js';
import { ParticipantDatabase } from './participant-database.js';
import { useThirdParty } from './participants.js';
import { PassingTime } from './passing-time.js';
import type { Parts } from './parts.js';
import { Requests } from './requests.js';
import type { Scenario } from './scenario.js';
import { ThirdParty } from './third-party.js';
import { VirtualBarrier } from './virtual-barrier.js';
import { Wallets } from './wallet.js';

/** Enough for anything that ends at all. */
const MOST_EVENTS_TO_SETTLE = 2_000;

/**
 * Application instances with the real coordinator, decider, driver, recovery, leases and group commit, around a ledger
 * and participants' databases of which every step is an event.
 *
 * Pruning by state is sound because a process is deterministic in what is delivered to it: equal logs of deliveries mean
 * equal local states, and everything else that can matter (rows, locks, what is under way, the clock, the faults that
 * are left, what callers were told) is in the digest by itself.
 *
 * Unless `inOrder`, two things are assumed rather than explored, since they double the states with each pair of
 * branches: that a process ends up in the same state in whichever order it hears of different branches at one moment of
 * the clock, and that nobody acts between the steps of a call that is delivered twice (but in the scenario that is about
 * nothing else).
 */
export class TccWorld implements World {
  private readonly time = new VirtualTime();
  private readonly names = new Names();
  private readonly budget: Budget;
  private readonly store: LedgerStore;
  private readonly database: ParticipantDatabase;
  private readonly api: ThirdParty;
  private readonly calls: LedgerCalls;
  private readonly requests: Requests;
  private readonly adversary: Adversary;
  private readonly judge: Judge;
  private readonly instances: Instances;
  private readonly passing: PassingTime;
  private readonly sources: readonly EventSource[];
  /** What may happen next, until something has. */
  private known: readonly ModelEvent[] | undefined;
  private looked = new Set<string>();
  private before: ReadonlyMap<string, RowView> = new Map();

  private constructor(
    private readonly scenario: Scenario,
    private readonly parts: Parts,
    invariants: readonly Invariant[],
    inOrder: boolean,
  ) {
    useTime(this.time);
    const { names, time } = this;
    this.budget = new Budget(scenario.faults);
    this.store = new LedgerStore(parts.store);
    const wallets = new Wallets();
    this.database = new ParticipantDatabase(wallets, names, this.budget, time, parts.moveRow, parts.keeps, inOrder);
    this.api = new ThirdParty(wallets, names, this.budget, time);
    useThirdParty(this.api);
    this.calls = new LedgerCalls(
      this.store,
      names,
      this.budget,
      {
        before: () => {
          if (this.judge.isAwake) this.before = viewsOf(this.store);
        },
        after: (call, outcome) => {
          if (!this.judge.isAwake) return;
          const value = 'value' in outcome ? outcome.value : undefined;
          const change: LedgerChange = { call, at: time.now, before: this.before, after: viewsOf(this.store), value };
          this.judge.judge('changed', (invariant, scene) => invariant.changed?.(change, scene));
        },
      },
      () => this.barrierRows(),
    );
    this.requests = new Requests((told) => {
      this.looked.add('ledger');
      this.judge.judge('told', (invariant, scene) => invariant.told?.(told, scene));
    });
    const everybody = new ModelProcess('N', time);
    this.adversary = new Adversary(
      everybody,
      this.barrierOf(everybody),
      this.database,
      this.budget,
      names,
      scenario.forged,
    );
    this.judge = new Judge(invariants, () => this.scene);
    const keepers = [this.calls, this.database, this.api, this.requests];
    const make = (process: ModelProcess, recovers: boolean): Instance =>
      new Instance(process, this.calls.portOf(process), this.barrierOf(process), this.parts, recovers);
    this.instances = new Instances(time, this.store, this.budget, keepers, make, inOrder);
    const moments = (): number[] => [...this.database.moments(), ...this.api.moments()];
    const whenQuiet = (): void => this.judgeQuiet();
    this.passing = new PassingTime(time, this.store, this.budget, moments, whenQuiet, scenario.horizonMs);
    this.sources = [this.calls, this.database, this.api, this.requests, this.adversary];
  }

  /** @param inOrder tells states apart by the order in which a process heard of different branches */
  static async start(
    scenario: Scenario,
    parts: Parts,
    invariants: readonly Invariant[],
    inOrder = false,
  ): Promise<TccWorld> {
    const world = new TccWorld(scenario, parts, invariants, inOrder);
    scenario.requests.forEach((request, index) =>
      world.requests.start(index, request, world.instances.start(request.instance)),
    );
    for (const name of scenario.recovering) world.instances.recover(name);
    await world.time.drain();
    return world;
  }

  get violations(): readonly Violation[] {
    return this.judge.violations;
  }

  enabled(): readonly string[] {
    return this.events().map(({ label }) => label);
  }

  async perform(label: string, again = false): Promise<Footprint> {
    const event = this.events().find((candidate) => candidate.label === label);
    if (event === undefined) throw new Error(`'${label}' is not among ${this.enabled().join(' | ')}`);
    this.judge.isAwake = !again;
    this.known = undefined;
    this.looked = new Set(['clock', ...(event.reads ?? [])]);
    await event.perform();
    await this.time.drain();
    this.judge.judge('always', (invariant, scene) => invariant.always?.(scene));
    return { reads: this.looked, writes: new Set(event.writes) };
  }

  get isEnd(): boolean {
    return this.events().every(({ required }) => !required);
  }

  digest(): string {
    const { time, store, names, budget, sources, instances } = this;
    const text = [
      time.now,
      budget.digest(),
      store.digest(),
      this.database.wallets.digest(),
      ...sources.map((source) => source.digest()),
      instances.digest(),
    ].join('\n');
    return names.in(text);
  }

  /** Without further faults, and with a healthy instance more, everything has to settle: that is liveness. */
  async finish(): Promise<void> {
    this.judgeQuiet();
    this.budget.exhaust();
    this.passing.goOn();
    this.instances.recover('Z');
    this.known = undefined;
    for (let left = MOST_EVENTS_TO_SETTLE; left > 0 && this.violations.length === 0; left--) {
      const next = this.events().find(({ required }) => required);
      if (next === undefined || (next.label.startsWith('time') && this.isSettled)) break;
      await this.perform(next.label);
    }
    this.judge.judge('end', (invariant, scene) => invariant.end?.(scene));
  }

  private get scene(): Scene {
    const { store, database, names, time, scenario } = this;
    const { told, asides } = this.requests;
    const { asked } = this.adversary;
    return { store, database, names, time, told, asides, asked, scenario };
  }

  private get isSettled(): boolean {
    return [...this.store.rows.values()].every(({ status }) => status === 'confirmed' || status === 'cancelled');
  }

  private events(): readonly ModelEvent[] {
    return (this.known ??= this.listEvents());
  }

  private listEvents(): readonly ModelEvent[] {
    const events = [
      ...this.sources.flatMap((source) => source.events()),
      ...this.passing.timers('once'),
      ...this.instances.events(),
    ];
    // An interval is a reminder: it may come late, and what it reminds of has then happened by itself.
    if (!events.some(({ required }) => required)) events.push(...this.passing.timers('repeated'));
    const isQuiet = events.every(({ required }) => !required);
    return [...events, ...this.passing.steps(isQuiet), ...this.instances.crashEvents()];
  }

  private judgeQuiet(): void {
    this.judge.judge('quiet', (invariant, scene) => invariant.quiet?.(scene));
  }

  private barrierOf(process: ModelProcess): VirtualBarrier {
    const watch = {
      asked: (by: ModelProcess, call: BarrierCall) => {
        if (by.name !== 'N') this.adversary.saw(call);
        if (by.name === 'N' || call.phase === 'try') return;
        this.looked.add('ledger');
        this.judge.judge('asked', (invariant, scene) => invariant.asked?.(by, call, scene));
      },
      ended: (end: DeliveryEnd) => this.judge.judge('ended', (invariant, scene) => invariant.ended?.(end, scene)),
    };
    return new VirtualBarrier(process, this.database, this.parts, watch, this.time);
  }

  private barrierRows(): readonly string[] {
    return this.names.xids.flatMap((xid) => [1, 2, 3, 4].map((seq) => `${xid}:${seq}`));
  }
}
