import { Injectable } from '@nestjs/common';
import type { BarrierPort, LocalTransaction } from '../barrier/barrier.port.js';
import type { BranchExecution } from '../context/branch-execution.js';
import { currentContext, runWith } from '../context/execution-context.js';
import type { OpenBranch, TransactionScope } from '../context/transaction-scope.js';
import { Payloads } from '../core/codec/payloads.js';
import { monotonicNow } from '../core/monotonic-clock.js';
import { NestedTryError } from '../errors/nested-try.error.js';
import { NoGlobalTransactionError } from '../errors/no-global-transaction.error.js';
import { OpenLocalTransactionError } from '../errors/open-local-transaction.error.js';
import { TransactionTimedOutError } from '../errors/transaction-timed-out.error.js';
import { TryTimeLimitError } from '../errors/try-time-limit.error.js';
import type { ParticipantTry } from './participant.js';

/** A try (or message) as it was called. */
export interface TryCall {
  readonly entry: ParticipantTry;
  readonly self: object;
  readonly args: readonly unknown[];
  /** The global transaction of this application around the caller. */
  readonly scope: TransactionScope | undefined;
  /** Runs the method itself. */
  readonly body: () => unknown;
}

/** Records a branch, then lets its try run. */
@Injectable()
export class BranchInterceptor {
  constructor(private readonly payloads: Payloads) {}

  /**
   * @returns what the try returned
   * @throws the try's own error, or one of nestjs-tcc when it was not run
   */
  async call(call: TryCall): Promise<unknown> {
    const { entry } = call;
    const { barrier } = entry.participant;
    const scope = scopeFor(call);
    // Before the branch exists: what cannot be stored must leave no trace.
    const args = this.payloads.encodeArguments(call.args, entry.fullName);
    const branch = scope.open({
      participant: entry.participant.name,
      method: entry.name,
      kind: entry.kind,
      args,
      // behind a barrier a late try is refused, so that no cancel has to wait for it
      ...(barrier || entry.timeLimitMs === undefined ? {} : { timeLimitMs: entry.timeLimitMs }),
    });
    if (entry.kind === 'message') {
      await branch.registered;
      return undefined;
    }
    return barrier ? this.tryBehindBarrier(call, branch, scope, barrier) : this.tryWithoutBarrier(call, branch, scope);
  }

  private async tryBehindBarrier(
    call: TryCall,
    branch: OpenBranch,
    scope: TransactionScope,
    barrier: BarrierPort,
  ): Promise<unknown> {
    const { entry } = call;
    const overlap = entry.participant.effects === 'database';
    const { signal, stop } = limitSignal(scope.signal, entry.timeLimitMs);
    try {
      if (!overlap) await branch.registered;
      const done = await barrier.run(
        {
          xid: branch.xid,
          seq: branch.seq,
          phase: 'try',
          kind: entry.kind,
          branch: entry.fullName,
          deadline: branch.deadline,
          ...(overlap ? { beforeCommit: () => branch.registered } : {}),
        },
        async (local) => {
          const execution = { ...executionOf(call, branch, signal), ...joined(local) };
          const value = await runWith({ branch: execution }, call.body);
          // Inside the local transaction: a result that cannot be stored undoes the try.
          return { value, encoded: this.payloads.encodeResult(value, entry.fullName) };
        },
      );
      if (!done.ran) throw new Error(`barrier of ${entry.fullName} did not run a try and gave no reason`);
      branch.succeeded(done.value.encoded);
      return done.value.value;
    } catch (error) {
      branch.failed(true);
      throw error;
    } finally {
      stop();
    }
  }

  private async tryWithoutBarrier(call: TryCall, branch: OpenBranch, scope: TransactionScope): Promise<unknown> {
    // Until its method has returned, the third party may still be at work on it: an error says nothing about that (the
    // connection may have been cut), and a cancel that came first would leave the hold there for ever.
    let answered = true;
    try {
      await branch.registered;
      // The answer may have been long on its way. A try that starts now could outlast its cancel, which counts on none
      // being under way at deadline + limit.
      if (monotonicNow() >= branch.deadline)
        throw new TransactionTimedOutError(`calling ${call.entry.fullName}`, branch.xid);
      answered = false;
      const value = await withinLimit(call, branch, scope);
      answered = true;
      branch.succeeded(this.payloads.encodeResult(value, call.entry.fullName));
      return value;
    } catch (error) {
      branch.failed(answered);
      throw error;
    }
  }
}

/** @throws TryTimeLimitError when the method has not returned by then; it goes on, and its end is ignored */
async function withinLimit(call: TryCall, branch: OpenBranch, scope: TransactionScope): Promise<unknown> {
  const limitMs = call.entry.timeLimitMs ?? 0;
  const { signal, expired, stop } = limitSignal(scope.signal, limitMs);
  const running = runWith({ branch: executionOf(call, branch, signal) }, async () => call.body());
  try {
    const value = await Promise.race([running, expired]);
    if (value === EXPIRED) throw new TryTimeLimitError(call.entry.fullName, branch.xid, limitMs);
    return value;
  } finally {
    stop();
    running.catch(() => undefined);
  }
}

/** Where the branch belongs, if it may be opened here at all. */
function scopeFor({ entry, scope }: TryCall): TransactionScope {
  const { branch, openOn } = currentContext();
  if (branch) throw new NestedTryError(entry.fullName, `${branch.phase} of ${branch.name}`, branch.xid);
  if (!scope) throw new NoGlobalTransactionError(`Try of ${entry.fullName}`);
  const { dataSource } = entry.participant;
  if (dataSource && openOn.some((local) => local.open && local.dataSource === dataSource))
    throw new OpenLocalTransactionError(entry.fullName, scope.xid);
  return scope;
}

const EXPIRED = Symbol('expired');

function executionOf(call: TryCall, branch: OpenBranch, signal: AbortSignal): BranchExecution {
  const { entry } = call;
  return {
    xid: branch.xid,
    seq: branch.seq,
    phase: 'try',
    kind: entry.kind,
    name: entry.fullName,
    self: call.self,
    method: entry.method,
    signal,
  };
}

/** How a phase's code finds its local transaction. */
export function joined(local: LocalTransaction): Partial<BranchExecution> {
  if (!local.dataSource) return {};
  return { dataSource: local.dataSource, manager: local.manager, createQueryRunner: local.createQueryRunner };
}

function limitSignal(
  transaction: AbortSignal,
  limitMs: number | undefined,
): { signal: AbortSignal; expired: Promise<typeof EXPIRED>; stop: () => void } {
  if (limitMs === undefined)
    return { signal: transaction, expired: new Promise(() => undefined), stop: () => undefined };
  const limit = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<typeof EXPIRED>((resolve) => {
    timer = setTimeout(() => {
      limit.abort(new Error(`the try's time limit of ${limitMs} ms is over`));
      resolve(EXPIRED);
    }, limitMs);
  });
  return { signal: AbortSignal.any([transaction, limit.signal]), expired, stop: () => clearTimeout(timer) };
}
