import { BarrierBusyError, type BarrierCall, type BarrierFinding, type BarrierStatus } from 'nestjs-tcc';
import type { ModelProcess } from '../engine/model-process.js';
import { type Delivery, rowOf, waitsFor } from './delivery.js';
import type { Budget } from './budget.js';
import type { EventSource, ModelEvent } from './event.js';
import type { Names } from './names.js';
import type { Wallets } from './wallet.js';
import { sorted } from './sorted.js';

/** As long as the barrier of Postgres waits for a row (`lock_timeout`). */
const LOCK_TIMEOUT_MS = 2_000;

/** Where a barrier statement would move a row. undefined: it leaves it as it is. */
export type MoveRow = (call: Pick<BarrierCall, 'phase' | 'kind'>, row: BarrierStatus | undefined) => BarrierFinding;

/**
 * The participants' database: barrier rows with their locks, and the effects that commit together with them. Statements
 * and commits take effect when the scheduler says so, and answers arrive, are lost or never come.
 */
export class ParticipantDatabase implements EventSource {
  readonly rows = new Map<string, BarrierStatus>();
  /** The phases that committed with a row, in their order. */
  readonly committed = new Map<string, string[]>();
  private deliveries: Delivery[] = [];
  /** Whose deliveries take place in one step, when the row is free. */
  atOnce: ModelProcess | undefined;

  constructor(
    readonly wallets: Wallets,
    private readonly names: Names,
    private readonly budget: Budget,
    private readonly time: { readonly now: number },
    private readonly moveRow: MoveRow,
    /** Whether a row is kept when its transaction commits: only mutants forget one. */
    private readonly keeps: (status: BarrierStatus) => boolean,
    /** The order in which a process hears of different rows counts. */
    private readonly inOrder: boolean,
  ) {}

  get open(): readonly Delivery[] {
    return this.deliveries;
  }

  /** Sends the opening statement. @returns what it found, and the delivery to commit or to end */
  async begin(
    process: ModelProcess,
    call: BarrierCall,
  ): Promise<{ delivery: Delivery; found: BarrierStatus | undefined }> {
    const name = `${process.nameFor(`${call.phase} ${this.names.in(rowOf(call))}#`)}`;
    const delivery: Delivery = {
      name,
      process,
      call,
      askedAt: this.time.now,
      state: 'sent',
      abandoned: false,
      effects: [],
      go: () => undefined,
      fail: () => undefined,
    };
    this.deliveries.push(delivery);
    const found = await this.wait(delivery);
    return { delivery, found };
  }

  /** Sends COMMIT. */
  async commit(delivery: Delivery): Promise<void> {
    delivery.state = 'committing';
    await this.wait(delivery);
  }

  /** Ends a delivery that changes nothing. */
  end(delivery: Delivery): void {
    this.deliveries = this.deliveries.filter((other) => other !== delivery);
  }

  isFree(row: string): boolean {
    return !this.deliveries.some((other) => rowOf(other.call) === row && other.moved !== undefined);
  }

  isUsedBy(process: ModelProcess): boolean {
    return this.deliveries.some((delivery) => delivery.process === process && !delivery.abandoned);
  }

  crash(process: ModelProcess): void {
    for (const delivery of this.deliveries) if (delivery.process === process) this.abandon(delivery);
  }

  events(): readonly ModelEvent[] {
    return this.deliveries.flatMap((delivery) => this.eventsOf(delivery));
  }

  moments(): readonly number[] {
    return this.deliveries
      .filter((delivery) => this.canTimeOut(delivery))
      .map(({ askedAt }) => askedAt + LOCK_TIMEOUT_MS);
  }

  digest(): string {
    return JSON.stringify([
      sorted(this.rows),
      sorted(this.committed),
      this.deliveries.map(({ name, state, abandoned, moved, effects }) => [name, state, abandoned, moved, effects]),
    ]);
  }

  private eventsOf(delivery: Delivery): ModelEvent[] {
    const { name, process, state, abandoned, call } = delivery;
    const row = rowOf(call);
    const mine = abandoned ? [name] : [name, this.inOrder ? process.name : `${process.name} ${row}`];
    const event = (verb: string, required: boolean, writes: string[], perform: () => void): ModelEvent => ({
      label: `${verb} ${name}`,
      required,
      // the invariants compare what commits with the ledger
      reads: ['ledger', process.name],
      writes,
      perform,
    });
    if (state === 'hung') return [];
    const rollBack = event('roll back', true, [name, row], () => this.end(delivery));
    const commit = event('commit', true, [name, row], () => this.doCommit(delivery));
    if (abandoned) return state === 'committing' ? [commit, rollBack] : [rollBack];
    const events: ModelEvent[] = [];
    const free = !this.deliveries.some((other) => rowOf(other.call) === row && waitsFor(call, other));
    if (state === 'sent' && free)
      events.push({ ...event('open', true, [...mine, row], () => this.open_(delivery)), reads: [process.name] });
    if (this.canTimeOut(delivery) && !free && this.time.now >= delivery.askedAt + LOCK_TIMEOUT_MS)
      events.push(event('busy', true, [...mine, row], () => this.busy(delivery)));
    if (state === 'looking')
      events.push({ ...event('look', true, mine, () => this.look(delivery)), reads: [row, process.name] });
    if (state === 'committing') events.push(commit);
    if (state === 'committed')
      events.push({ ...event('answer', true, mine, () => this.answer(delivery)), reads: [process.name] });
    if (state !== 'open') events.push(...this.faultsOf(delivery, [...mine, row, 'faults']));
    return events;
  }

  private faultsOf(delivery: Delivery, writes: string[]): ModelEvent[] {
    const { name, state, process } = delivery;
    const events: ModelEvent[] = [];
    const fault = { required: false, reads: [process.name], writes };
    if (this.budget.allows('losses'))
      events.push({ label: `lose ${name}`, ...fault, perform: () => this.lose(delivery) });
    if (this.budget.allows('hangs') && state === 'sent')
      events.push({ label: `hang ${name}`, ...fault, perform: () => this.hang(delivery) });
    return events;
  }

  private canTimeOut({ state, call, abandoned }: Delivery): boolean {
    return state === 'sent' && call.phase !== 'try' && !abandoned;
  }

  private open_(delivery: Delivery): void {
    const { call, process, name } = delivery;
    const row = rowOf(call);
    const found = this.rows.get(row);
    const finding = this.moveRow(call, found);
    const moved = 'moved' in finding ? finding.moved : undefined;
    if (moved === undefined) {
      delivery.state = 'looking';
      return;
    }
    delivery.state = 'open';
    delivery.moved = { from: found, to: moved };
    process.note(`${name} moved to ${moved}`);
    delivery.go(found);
  }

  private look(delivery: Delivery): void {
    const found = this.rows.get(rowOf(delivery.call));
    delivery.state = 'open';
    delivery.process.note(`${delivery.name} found ${found}`);
    delivery.go(found);
  }

  private doCommit(delivery: Delivery): void {
    const { moved, effects, call } = delivery;
    const row = rowOf(call);
    this.committed.set(row, [...(this.committed.get(row) ?? []), call.phase]);
    if (moved !== undefined && this.keeps(moved.to)) this.rows.set(row, moved.to);
    for (const effect of effects) this.wallets.of(effect.wallet).apply(effect);
    delivery.state = 'committed';
    if (delivery.abandoned) this.end(delivery);
  }

  private answer(delivery: Delivery): void {
    this.end(delivery);
    delivery.process.note(`${delivery.name} committed`);
    delivery.go(undefined);
  }

  private busy(delivery: Delivery): void {
    this.end(delivery);
    delivery.process.note(`${delivery.name} busy`);
    delivery.fail(new BarrierBusyError(delivery.call.branch, delivery.call.xid, undefined));
  }

  private lose(delivery: Delivery): void {
    this.budget.spend('losses');
    const { state } = delivery;
    this.abandon(delivery);
    if (state !== 'committing') this.end(delivery);
    delivery.process.note(`${delivery.name} lost`);
    delivery.fail(new Error('the connection was lost'));
  }

  private hang(delivery: Delivery): void {
    this.budget.spend('hangs');
    delivery.state = 'hung';
  }

  private abandon(delivery: Delivery): void {
    const { state } = delivery;
    delivery.abandoned = true;
    if (state === 'sent' || state === 'looking' || state === 'committed' || state === 'hung') this.end(delivery);
  }

  private wait(delivery: Delivery): Promise<BarrierStatus | undefined> {
    return new Promise((resolve, reject) => {
      delivery.go = resolve;
      delivery.fail = reject;
      if (this.atOnce === delivery.process) this.advance(delivery);
    });
  }

  /** The next step of a delivery of which all are one event. */
  private advance(delivery: Delivery): void {
    if (delivery.state === 'committing') {
      this.doCommit(delivery);
      this.answer(delivery);
    } else {
      this.open_(delivery);
      if (delivery.state === 'looking') this.look(delivery);
    }
  }
}
