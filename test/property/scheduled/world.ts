import fc from 'fast-check';
import {
  type BarrierCall,
  type BarrierPort,
  type BarrierResult,
  type DecideWrite,
  LedgerFailure,
  type LedgerBatch,
  type LedgerBatchAnswer,
  type LedgerPort,
  type LocalTransaction,
  type Phase,
} from 'nestjs-tcc';
import { InMemoryBarrier, InMemoryLedger } from 'nestjs-tcc-testing';

/** What becomes of a flush: it may get lost on its way, or its answer may. */
export type Verdict = 'passes' | 'never arrives' | 'is not answered';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Everything that could become ready has become ready: group commit collects writes for a turn of the event loop. */
const settledDown: fc.SchedulerAct = async (work) => {
  await work();
  await turn();
  await turn();
};

/** The databases of an application whose every answer comes when the scheduler of fast-check says so. */
export class World {
  readonly memory = new InMemoryLedger();
  readonly ledger = this.scheduled(this.memory);
  readonly barrier: BarrierPort = {
    open: () => Promise.resolve(),
    run: (call, business) => this.phase(call, business),
  };
  /** `xid:seq` of what has been registered. */
  readonly registered = new Set<string>();
  readonly decisions = new Map<string, DecideWrite>();
  /** `xid:seq phase`, once for each time that it took effect. */
  readonly effects: string[] = [];
  /** What must never be. */
  readonly breaches: string[] = [];
  verdicts: Verdict[] = [];
  private readonly rows = new InMemoryBarrier();
  private scheduler: fc.Scheduler | undefined;

  /** Until `work` has ended and all that is under way, answers come in the order that the scheduler chooses. */
  async under(scheduler: fc.Scheduler, work: () => readonly Promise<unknown>[]): Promise<void> {
    this.scheduler = scheduler;
    try {
      await scheduler.waitFor(Promise.allSettled(work()), settledDown);
      await scheduler.waitIdle(settledDown);
    } finally {
      this.scheduler = undefined;
    }
  }

  /** A step that something else may come before. */
  async step(what: string): Promise<void> {
    await this.scheduler?.schedule(Promise.resolve(), what);
  }

  /** Each phase takes effect in one step, and its caller hears of it in another one. */
  private async phase<T>(
    call: BarrierCall,
    business: (local: LocalTransaction) => Promise<T>,
  ): Promise<BarrierResult<T>> {
    const key = `${call.xid}:${call.seq}`;
    await this.step(`${call.phase} of ${call.branch} opens`);
    const overlaps = call.beforeCommit !== undefined;
    const result = await this.rows.run(call, (local) => {
      if (!overlaps) this.recorded(key, call.phase);
      return business(local);
    });
    if (result.ran) {
      this.recorded(key, call.phase);
      this.effects.push(`${key} ${call.phase}`);
    }
    await this.step(`${call.phase} of ${call.branch} has ended`);
    return result;
  }

  private recorded(key: string, phase: Phase): void {
    if (!this.registered.has(key)) this.breaches.push(`${phase} of ${key} runs, and it is not registered`);
    const decision = this.decisions.get(key.split(':')[0]!);
    if (phase !== 'try' && !decision && !this.taken.has(key.split(':')[0]!))
      this.breaches.push(`${phase} of ${key} runs, and nothing is decided`);
  }

  /** By recovery at the deadline: such a decision is no write. */
  private readonly taken = new Set<string>();

  private scheduled(memory: InMemoryLedger): LedgerPort {
    const around =
      <A extends unknown[], T>(what: string, ask: (...args: A) => Promise<T>) =>
      async (...args: A): Promise<T> => {
        await this.step(`${what} arrives`);
        const answer = await ask(...args);
        await this.step(`${what} is answered`);
        return answer;
      };
    return {
      open: () => memory.open(),
      close: () => Promise.resolve(),
      ping: () => memory.ping(),
      flush: (batch) => this.flush(batch),
      claim: around('claim', async (request) => {
        const claimed = await memory.claim(request);
        for (const { xid } of claimed) this.taken.add(xid);
        return claimed;
      }),
      branches: around('branches', (xid) => memory.branches(xid)),
      renew: around('renew', (leases, leaseMs) => memory.renew(leases, leaseMs)),
      release: around('release', (leases) => memory.release(leases)),
      handBack: around('hand back', (write) => memory.handBack(write)),
      find: (xid) => memory.find(xid),
      backlog: (service) => memory.backlog(service),
      purge: (request) => memory.purge(request),
      onRelease: (service, listener) => memory.onRelease(service, listener),
    };
  }

  private async flush(batch: LedgerBatch): Promise<LedgerBatchAnswer> {
    const verdict = (this.scheduler && this.verdicts.shift()) ?? 'passes';
    await this.step('flush arrives');
    if (verdict === 'never arrives') throw new LedgerFailure('unavailable', new Error(verdict));
    const answer = await this.memory.flush(batch);
    await this.note(batch, answer);
    await this.step('flush is answered');
    if (verdict === 'is not answered') throw new LedgerFailure('unknown', new Error(verdict));
    return answer;
  }

  private async note(batch: LedgerBatch, answer: LedgerBatchAnswer): Promise<void> {
    // as it is, not as it was answered
    for (const { xid } of [...batch.begins, ...batch.registers])
      for (const { seq } of await this.memory.branches(xid)) this.registered.add(`${xid}:${seq}`);
    batch.decides.forEach((write, index) => {
      if (answer.decides[index]?.answer === 'done' && !this.decisions.has(write.xid) && !this.taken.has(write.xid))
        this.decide(write);
    });
  }

  /** Nothing may be decided to confirm that is not known to be there. */
  private decide(write: DecideWrite): void {
    this.decisions.set(write.xid, write);
    for (const [seq, { confirm }] of Object.entries(write.outcomes))
      if (confirm && !this.registered.has(`${write.xid}:${seq}`))
        this.breaches.push(`${write.xid}:${seq} is to confirm, and it is not registered`);
  }
}
