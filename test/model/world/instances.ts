import { ModelProcess } from '../engine/model-process.js';
import type { VirtualTime } from '../engine/virtual-time.js';
import type { Budget } from './budget.js';
import type { EventSource, ModelEvent } from './event.js';
import { Instance } from './instance.js';
import type { LedgerStore } from './ledger-store.js';

/** What keeps something for a process: it loses its master when that crashes. */
export interface Keeper {
  isUsedBy(process: ModelProcess): boolean;
  crash(process: ModelProcess): void;
}

/** The application instances: when their recovery looks for something to do, and that they crash. */
export class Instances implements EventSource {
  private readonly all: Instance[] = [];
  /** Those whose recovery has not found anything to do yet: made when it does. */
  private readonly standby = new Set<string>();

  constructor(
    private readonly time: VirtualTime,
    private readonly store: LedgerStore,
    private readonly budget: Budget,
    private readonly keepers: readonly Keeper[],
    private readonly make: (process: ModelProcess, recovers: boolean) => Instance,
    private readonly inOrder: boolean,
  ) {}

  start(name: string, recovers = false): Instance {
    const process = new ModelProcess(name, this.time);
    const instance = process.run(() => this.make(process, recovers));
    this.all.push(instance);
    return instance;
  }

  /** From now on it recovers what is due. */
  recover(name: string): void {
    this.standby.add(name);
  }

  events(): readonly ModelEvent[] {
    const due = this.dueRows;
    if (due.length === 0) return [];
    const look = (name: string, perform: () => void): ModelEvent => ({
      label: `look ${name}`,
      required: true,
      reads: ['ledger'],
      writes: [name],
      perform,
    });
    const ready = this.all.filter(
      ({ process, recovers, leases, mayLook }) =>
        recovers && mayLook && process.alive && due.some((xid) => !leases.xids().includes(xid)),
    );
    return [
      ...ready.map((instance) => look(instance.process.name, () => instance.look())),
      ...[...this.standby].map((name) =>
        look(name, () => {
          this.standby.delete(name);
          this.start(name, true).look();
        }),
      ),
    ];
  }

  crashEvents(): readonly ModelEvent[] {
    if (!this.budget.allows('crashes')) return [];
    return this.all
      .filter(({ process }) => process.alive && this.isBusy(process))
      .map((instance) => ({
        label: `crash ${instance.process.name}`,
        required: false,
        writes: [instance.process.name, 'faults'],
        perform: () => this.crash(instance),
      }));
  }

  digest(): string {
    return [...this.standby, ...this.all.map(({ process }) => process.history(this.inOrder))].join('\n');
  }

  private crash({ process, recovers }: Instance): void {
    this.budget.spend('crashes');
    process.crash();
    for (const keeper of this.keepers) keeper.crash(process);
    const [, name, number] = /^(\D+)(\d*)$/.exec(process.name)!;
    if (recovers) this.recover(`${name}${Number(number || 1) + 1}`);
  }

  /** One that is idle leaves nothing behind when it crashes. */
  private isBusy(process: ModelProcess): boolean {
    return this.keepers.some((keeper) => keeper.isUsedBy(process));
  }

  private get dueRows(): string[] {
    return [...this.store.rows]
      .filter(([, { dueAt }]) => dueAt !== undefined && dueAt <= this.time.now)
      .map(([xid]) => xid);
  }
}
