import type { BarrierCall, BarrierPort, LocalTransaction } from '../barrier/barrier.port.js';
import type { BranchExecution, HasSignal } from '../context/branch-execution.js';
import { runWith } from '../context/execution-context.js';
import type { Payloads } from '../core/codec/payloads.js';
import type { FaultHook } from '../core/fault-point.js';
import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import { promised } from '../core/promised.js';
import { TransactionTimedOutError } from '../errors/transaction-timed-out.error.js';
import { TryTimeLimitError } from '../errors/try-time-limit.error.js';
import type { ParticipantTry } from './participant.js';

/** A try that is recorded and may run. */
export interface TryRun {
  readonly entry: ParticipantTry;
  readonly xid: string;
  readonly seq: number;
  /** When its transaction ends. */
  readonly deadline: Monotonic;
  /** `signal` aborts at the deadline, or when nobody waits for the try any more. */
  readonly signals: HasSignal;
  readonly self: object;
  /** The body is the decorated method, which must know that this is the call it was decorated for. */
  readonly entersWrapper?: true;
  /** Runs the method. */
  readonly body: () => unknown;
}

/** What a try returned, and the same as it is kept. */
export interface TryReturn {
  readonly value: unknown;
  readonly encoded: string;
}

/** Runs tries in this process, whoever called them. */
export class TryRunner {
  constructor(
    private readonly payloads: Payloads,
    private readonly faults: FaultHook,
  ) {}

  /**
   * @param beforeCommit awaited right before the local transaction commits
   * @throws what the barrier and the method throw, PayloadError for a result that cannot be stored
   */
  async behindBarrier(run: TryRun, barrier: BarrierPort, beforeCommit?: () => Promise<void>): Promise<TryReturn> {
    const { entry } = run;
    const limit = entry.timeLimitMs === undefined ? undefined : limitSignal(run.signals, entry.timeLimitMs);
    const signals = limit ?? run.signals;
    try {
      const done = await barrier.run(new TryCall(run, beforeCommit), (local) =>
        promised(() => runWith({ branch: new RunningTry(run, signals, local) }, run.body)).then((value) => ({
          value,
          // Inside the local transaction: a result that cannot be stored undoes the try.
          encoded: this.payloads.encodeResult(value, entry.fullName),
        })),
      );
      if (!done.ran) throw new Error(`barrier of ${entry.fullName} did not run a try and gave no reason`);
      return done.value;
    } finally {
      limit?.stop();
    }
  }

  /**
   * @param progress told when the method is called, and when it has returned: in between nobody knows what a third party
   * makes of it
   * @throws TransactionTimedOutError before it is called; TryTimeLimitError when it has not returned by then (it goes
   * on, and its end is ignored); its own error
   */
  async withoutBarrier(run: TryRun, progress: (step: 'called' | 'returned') => void): Promise<TryReturn> {
    const { entry, xid } = run;
    const about = { xids: [xid], branch: entry.fullName };
    const before = this.faults('call.try.sending', about);
    if (before) await before;
    // The registration's answer may have been long on its way. A try that starts now could outlast its cancel, which
    // counts on none being under way at deadline + limit.
    if (monotonicNow() >= run.deadline) throw new TransactionTimedOutError(`calling ${entry.fullName}`, xid);
    progress('called');
    const value = await withinLimit(run);
    progress('returned');
    const after = this.faults('call.try.answered', about);
    if (after) await after;
    return { value, encoded: this.payloads.encodeResult(value, entry.fullName) };
  }
}

/** @throws TryTimeLimitError */
async function withinLimit(run: TryRun): Promise<unknown> {
  const { entry, xid } = run;
  const limitMs = entry.timeLimitMs ?? 0;
  const limit = limitSignal(run.signals, limitMs);
  const running = promised(() => runWith({ branch: new RunningTry(run, limit, undefined) }, run.body));
  try {
    const value = await Promise.race([running, limit.expired]);
    if (value === EXPIRED) throw new TryTimeLimitError(entry.fullName, xid, limitMs);
    return value;
  } finally {
    limit.stop();
    running.catch(() => undefined);
  }
}

const EXPIRED = Symbol('expired');

/** Constructed, so that V8 allocates it with the young objects (docs/performance.md). */
class TryCall implements BarrierCall {
  readonly xid: string;
  readonly seq: number;
  readonly deadline: Monotonic;
  readonly phase = 'try';
  readonly kind: BarrierCall['kind'];
  readonly branch: string;
  readonly mayRunAhead: boolean;

  constructor(
    { entry, xid, seq, deadline }: TryRun,
    readonly beforeCommit: BarrierCall['beforeCommit'],
  ) {
    this.xid = xid;
    this.seq = seq;
    this.deadline = deadline;
    this.kind = entry.kind;
    this.branch = entry.fullName;
    this.mayRunAhead = entry.participant.effects === 'database';
  }
}

/** A try while it runs. Its signal is made when it is asked for. */
class RunningTry implements BranchExecution {
  readonly xid: string;
  readonly seq: number;
  readonly phase = 'try';
  readonly kind: BranchExecution['kind'];
  readonly name: string;
  readonly self: object;
  readonly method: PropertyKey;
  readonly entersWrapper: true | undefined;

  constructor(
    { entry, xid, seq, self, entersWrapper }: TryRun,
    private readonly signals: HasSignal,
    readonly local: LocalTransaction | undefined,
  ) {
    this.xid = xid;
    this.seq = seq;
    this.kind = entry.kind;
    this.name = entry.fullName;
    this.self = self;
    this.method = entry.method;
    this.entersWrapper = entersWrapper;
  }

  get signal(): AbortSignal {
    return this.signals.signal;
  }
}

function limitSignal(
  transaction: HasSignal,
  limitMs: number,
): HasSignal & { expired: Promise<typeof EXPIRED>; stop: () => void } {
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<typeof EXPIRED>((resolve) => {
    timer = setTimeout(() => {
      limit.abort(new Error(`the try's time limit of ${limitMs} ms is over`));
      resolve(EXPIRED);
    }, limitMs);
  });
  return { signal: AbortSignal.any([transaction.signal, limit.signal]), expired, stop: () => clearTimeout(timer) };
}
