import type { BarrierCall } from 'nestjs-tcc';
import type { ModelProcess } from '../engine/model-process.js';
import type { Budget } from './budget.js';
import { type Delivery, rowOf } from './delivery.js';
import type { EventSource, ModelEvent } from './event.js';
import type { Names } from './names.js';
import { AMOUNT, effectOf } from './participants.js';
import type { ParticipantDatabase } from './participant-database.js';
import type { VirtualBarrier } from './virtual-barrier.js';

/** The network: delivers again, later and in any order, what was ever sent. What it is answered nobody hears. */
export class Adversary implements EventSource {
  private readonly calls = new Map<string, BarrierCall>();

  constructor(
    private readonly process: ModelProcess,
    private readonly barrier: VirtualBarrier,
    private readonly database: ParticipantDatabase,
    private readonly budget: Budget,
    private readonly names: Names,
    forged: readonly BarrierCall[] | undefined,
  ) {
    for (const call of forged ?? []) this.saw(call);
    // Where nothing else happens, every step of a delivery is an event of its own; elsewhere that would be too much.
    if (forged === undefined) database.atOnce = process;
  }

  /** The phases that were called, by `phase xid:seq`. */
  get asked(): ReadonlyMap<string, BarrierCall> {
    return this.calls;
  }

  saw({ xid, seq, phase, kind, branch, beforeCommit }: BarrierCall): void {
    // one that has still to be registered does not leave its process
    if (beforeCommit !== undefined) return;
    const key = `${phase} ${xid}:${seq}`;
    // without a deadline: the participant's clock may say anything
    if (!this.calls.has(key)) this.calls.set(key, { xid, seq, phase, kind, branch });
  }

  events(): readonly ModelEvent[] {
    if (!this.budget.allows('duplicates')) return [];
    const free = [...this.calls].filter(([, call]) => !this.database.atOnce || this.database.isFree(rowOf(call)));
    return free.map(([key, call]) => ({
      label: `again ${this.names.in(key)}`,
      required: false,
      reads: ['ledger'],
      writes: ['faults', 'N', rowOf(call)],
      perform: () => {
        this.budget.spend('duplicates');
        this.deliver(call);
      },
    }));
  }

  digest(): string {
    return [...this.calls.keys()].sort().join();
  }

  private deliver(call: BarrierCall): void {
    const { branch, phase } = call;
    const [participant = ''] = branch.split('.');
    void this.process.run(() =>
      this.barrier
        .run(call, ({ manager }) => {
          if (phase === 'try' && branch.endsWith('.refuse')) return Promise.reject(new Error('refused'));
          (manager as Delivery).effects.push(effectOf(participant, phase, call, AMOUNT));
          return Promise.resolve();
        })
        .catch(() => undefined),
    );
  }
}
