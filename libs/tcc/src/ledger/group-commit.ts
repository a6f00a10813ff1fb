import { noFaults, type FaultHook } from '../core/fault-point.js';
import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import { Departure } from './departure.js';
import type { AnyFlushUnit, FlushUnit } from './flush-unit.js';
import { LedgerFailure } from './ledger-failure.js';
import type { LedgerPort } from './ledger.port.js';
import type { BeginWrite, DecideWrite, RegisterWrite, SettleWrite } from './ledger.types.js';
import {
  PendingWrite,
  WRITE_KINDS,
  type AnyPendingWrite,
  type FinalAnswer,
  type Laziness,
  type WriteKind,
  type WriteKinds,
} from './pending-write.js';
import { WriteQueue } from './write-queue.js';

/** The first pause after the ledger did not answer, and the longest one; nothing new waits longer than the first. */
const FIRST_AWAY_MS = 25;
const LONGEST_AWAY_MS = 1_000;
/**
 * How long a settlement waits for others, which makes one statement of many, and then for a flush that leaves anyway,
 * which saves a commit.
 */
const COMPANY_MS = 25;
const RIDE_MS = 25;
/**
 * How many transactions may wait. More than a ledger writes in the time that anybody waits for it: those that begin now
 * would only learn later, and at the cost of all others, that it is overloaded.
 */
const MOST_WAITING = 10_000;
/** How late a write may learn that its patience is over. */
const SWEEP_MS = 100;

export interface GroupCommitOptions {
  /** How long a write is sent again without an answer, in milliseconds. More than a statement of the ledger may take. */
  readonly timeoutMs: number;
  readonly fault: FaultHook;
}

/**
 * Sends the writes that are pending at one moment, from any number of transactions, to the ledger in one flush. One
 * flush is in flight at a time and the next leaves as soon as it is back, so the busier the instance, the more writes
 * share one commit.
 *
 * Never two writes of one transaction in a flush and always in order, but for registrations that are waiting anyway:
 * they are written with their begin or with each other. Answers are final: what was skipped, or failed and may be
 * repeated, is sent again here.
 *
 * Every method rejects with a {@link LedgerFailure} only: `rejected`, or `unavailable` or `unknown` once `timeoutMs` is
 * over (`unknown`: some sending may yet take effect).
 */
export class GroupCommit {
  private readonly queue = new WriteQueue();
  private flushing = false;
  private readonly departure = new Departure(() => void this.flushNext());
  /** How many units of the last flush somebody waited for. */
  private awaited = 0;
  private timer: NodeJS.Timeout | undefined;
  private timerAt: Monotonic = 0;
  private sweeper: NodeJS.Timeout | undefined;
  /** Flushes in a row that the ledger did not answer, the time of the last one, and when to try again. */
  private away = { times: 0, since: 0, until: 0 };
  private draining: { readonly writes: readonly AnyPendingWrite[]; readonly resolve: () => void }[] = [];

  constructor(
    private readonly ledger: Pick<LedgerPort, 'flush'>,
    private readonly options: GroupCommitOptions,
  ) {}

  /** Rejected at once (`unavailable`) when too many wait already; what belongs to a transaction that has begun is not. */
  begin(write: BeginWrite): Promise<FinalAnswer<'begin'>> {
    if (this.queue.size >= MOST_WAITING) {
      const cause = new Error(`${this.queue.size} transactions wait for the ledger already`);
      return Promise.reject(new LedgerFailure('unavailable', cause));
    }
    return this.enqueue('begin', write, write.deadline);
  }

  /** @param deadline of the transaction: not sent after it */
  register(write: RegisterWrite, deadline: Monotonic = Infinity): Promise<FinalAnswer<'register'>> {
    return this.enqueue('register', write, deadline);
  }

  decide(write: DecideWrite): Promise<FinalAnswer<'decide'>> {
    return this.enqueue('decide', write, Infinity);
  }

  /** Nobody waits for it, so it is sent a moment later, with others and with what is to be sent anyway. */
  settle(write: SettleWrite): Promise<FinalAnswer<'settle'>> {
    const from = monotonicNow() + COMPANY_MS;
    return this.enqueue('settle', write, Infinity, { from, until: from + RIDE_MS });
  }

  /** Resolves when everything that is pending or in flight now has its answer: under load there is always something new. */
  drain(): Promise<void> {
    const writes = this.queue.all();
    if (writes.length === 0) return Promise.resolve();
    for (const write of writes) write.hurry();
    return new Promise((resolve) => {
      this.draining.push({ writes, resolve });
      this.wake();
    });
  }

  private enqueue<K extends WriteKind>(
    kind: K,
    write: WriteKinds[K]['write'],
    deadline: Monotonic,
    lazy?: Laziness,
  ): Promise<FinalAnswer<K>> {
    return new Promise((resolve, reject) => {
      const patienceEnd = monotonicNow() + this.options.timeoutMs;
      const pending = new PendingWrite(kind, write, deadline, patienceEnd, resolve, reject);
      if (lazy) pending.lazy = lazy;
      this.queue.add(pending as unknown as AnyPendingWrite);
      // Something new is a reason to look sooner, so that a long pause is paid by those who have waited for long.
      if (this.away.times > 0) this.away.until = Math.min(this.away.until, this.away.since + FIRST_AWAY_MS);
      this.sweeper ??= setInterval(() => this.sweep(), SWEEP_MS);
      this.wake();
    });
  }

  /** Sees to it that the next flush leaves when it can. */
  private wake(): void {
    if (this.draining.length > 0) this.endDrains();
    if (this.flushing || this.departure.pending) return;
    if (this.queue.isEmpty) return this.rest();
    const now = monotonicNow();
    const at = Math.max(this.queue.readyAt(), this.away.until);
    if (at > now) this.wakeAt(at, now);
    else this.departure.ask(this.awaited > 1);
  }

  private wakeAt(at: Monotonic, now: Monotonic): void {
    // One that is due sooner looks again; a new one each time would cost more than it does.
    if (this.timer !== undefined && this.timerAt <= at) return;
    clearTimeout(this.timer);
    this.timerAt = at;
    this.timer = setTimeout(
      () => {
        this.timer = undefined;
        this.wake();
      },
      Math.ceil(at - now),
    );
  }

  private rest(): void {
    clearTimeout(this.timer);
    clearInterval(this.sweeper);
    this.timer = this.sweeper = undefined;
  }

  private endDrains(): void {
    const ended = this.draining.filter(({ writes }) => writes.every(({ answered }) => answered));
    this.draining = this.draining.filter((drain) => !ended.includes(drain));
    for (const { resolve } of ended) resolve();
  }

  private sweep(): void {
    this.queue.giveUp(monotonicNow());
    this.wake();
  }

  /** Never rejects. */
  private async flushNext(): Promise<void> {
    const now = monotonicNow();
    this.queue.giveUp(now);
    const units = this.queue.take(now);
    if (units.length > 0) {
      this.flushing = true;
      this.awaited = units.filter(({ kind }) => kind !== 'settle').length;
      await this.send(units);
      this.queue.putBack(units);
      this.queue.giveUp(monotonicNow());
      this.flushing = false;
    }
    this.wake();
  }

  /** Sends units until each is answered or has to wait for a later flush. */
  private async send(units: readonly AnyFlushUnit[]): Promise<void> {
    const failure = await this.flush(units);
    if (failure === undefined || failure.kind === 'rejected' || failure.kind === 'conflict') {
      this.away = { times: 0, since: 0, until: 0 };
    }
    if (failure === undefined) return;
    const members = units.flatMap((unit) => unit.members);
    for (const member of members) member.unanswered(failure);
    switch (failure.kind) {
      case 'rejected':
        await this.isolate(units, failure);
        return;
      case 'conflict':
        for (const member of members) member.postpone();
        return;
      case 'unknown':
      case 'unavailable': {
        const now = monotonicNow();
        const doubled = Math.min(FIRST_AWAY_MS * 2 ** Math.min(this.away.times, 16), LONGEST_AWAY_MS);
        // Something may have come while this was on its way.
        const pause = this.queue.hasNew() ? FIRST_AWAY_MS : doubled;
        this.away = { times: this.away.times + 1, since: now, until: now + pause };
      }
    }
  }

  /** One write is at fault: halves, until it stands alone and only it is rejected. */
  private async isolate(units: readonly AnyFlushUnit[], failure: LedgerFailure): Promise<void> {
    const [first, ...others] = units;
    if (others.length > 0) {
      const middle = Math.ceil(units.length / 2);
      await this.send(units.slice(0, middle));
      await this.send(units.slice(middle));
    } else if (first !== undefined) {
      const [member, ...folded] = first.members;
      if (folded.length === 0) member?.fail(failure);
      // Each by itself from now on, in order, in the flushes to come.
      else for (const each of first.members) each.alone = true;
    }
  }

  /** @returns undefined when the ledger answered */
  private async flush(units: readonly AnyFlushUnit[]): Promise<LedgerFailure | undefined> {
    const begins = unitsOf('begin', units);
    const registers = unitsOf('register', units);
    const decides = unitsOf('decide', units);
    const settles = unitsOf('settle', units);
    let sent = false;
    try {
      const sending = this.passFaultPoints('sending', units);
      if (sending !== undefined) await sending;
      sent = true;
      const answers = await this.ledger.flush({
        begins: begins.map(({ write }) => write),
        registers: registers.map(({ write }) => write),
        decides: decides.map(({ write }) => write),
        settles: settles.map(({ write }) => write),
      });
      const done = this.passFaultPoints('done', units);
      if (done !== undefined) await done;
      deliver(begins, answers.begins);
      deliver(registers, answers.registers);
      deliver(decides, answers.decides);
      deliver(settles, answers.settles);
      return undefined;
    } catch (error) {
      return error instanceof LedgerFailure ? error : new LedgerFailure(sent ? 'unknown' : 'unavailable', error);
    }
  }

  /** Costs nothing but the calls when no test is listening. */
  private passFaultPoints(step: 'sending' | 'done', units: readonly AnyFlushUnit[]): Promise<void> | undefined {
    if (this.options.fault === noFaults) return undefined;
    return passFaultPoints(this.options.fault, step, units);
  }
}

const unitsOf = <K extends WriteKind>(kind: K, units: readonly AnyFlushUnit[]): FlushUnit<K>[] =>
  units.filter((unit) => unit.kind === kind) as unknown as FlushUnit<K>[];

/** @throws TypeError when the ledger left an answer out: then which answer is whose is not known either */
function deliver<K extends WriteKind>(
  units: readonly FlushUnit<K>[],
  answers: readonly WriteKinds[K]['answer'][],
): void {
  if (units.length !== answers.length)
    throw new TypeError(`the ledger gave ${answers.length} answers to ${units.length} writes`);
  units.forEach((unit, index) => unit.deliver(answers[index] as WriteKinds[K]['answer']));
}

async function passFaultPoints(
  fault: FaultHook,
  step: 'sending' | 'done',
  units: readonly AnyFlushUnit[],
): Promise<void> {
  for (const kind of WRITE_KINDS) {
    const xids = unitsOf(kind, units).map(({ write }) => write.xid);
    const pause = xids.length > 0 ? fault(`ledger.${kind}.${step}`, { xids }) : undefined;
    if (pause !== undefined) await pause;
  }
}
