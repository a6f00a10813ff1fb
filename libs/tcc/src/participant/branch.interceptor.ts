import type { OpenBranch, TransactionScope } from '../context/transaction-scope.js';
import type { Payloads } from '../core/codec/payloads.js';
import { promised } from '../core/promised.js';
import type { ParticipantTry } from './participant.js';
import { scopeFor } from './scope-for.js';
import type { TryReturn, TryRun, TryRunner } from './try-runner.js';

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
export class BranchInterceptor {
  constructor(
    private readonly payloads: Payloads,
    private readonly runner: TryRunner,
  ) {}

  /**
   * @returns what the try returned
   * @throws the try's own error, or one of nestjs-tcc when it was not run
   */
  call(call: TryCall): Promise<unknown> {
    return promised(() => this.record(call));
  }

  private record(call: TryCall): Promise<unknown> {
    const { entry, self, body } = call;
    const { barrier } = entry.participant;
    const scope = scopeFor(entry.fullName, call.scope, entry.participant.dataSource);
    // Before the branch exists: what cannot be stored must leave no trace.
    const args = this.payloads.encodeArguments(call.args, entry.fullName);
    const branch = scope.open({
      participant: entry.participant.name,
      method: entry.name,
      kind: entry.kind,
      args,
      // behind a barrier a late try is refused, so that no cancel has to wait for it
      timeLimitMs: barrier ? undefined : entry.timeLimitMs,
    });
    if (entry.kind === 'message') return branch.registered;
    const run: TryRun = {
      entry,
      self,
      body,
      signals: scope,
      xid: branch.xid,
      seq: branch.seq,
      deadline: branch.deadline,
    };
    return barrier ? this.tryBehindBarrier(run, branch) : this.tryWithoutBarrier(run, branch);
  }

  private async tryBehindBarrier(run: TryRun, branch: OpenBranch): Promise<unknown> {
    const { barrier, effects } = run.entry.participant;
    const overlap = effects === 'database';
    try {
      if (!overlap) await branch.registered;
      return succeed(
        branch,
        await this.runner.behindBarrier(run, barrier!, overlap ? () => branch.registered : undefined),
      );
    } catch (error) {
      branch.failed(true);
      throw error;
    }
  }

  private async tryWithoutBarrier(run: TryRun, branch: OpenBranch): Promise<unknown> {
    // Until its method has returned, the third party may still be at work on it: an error says nothing about that (the
    // connection may have been cut), and a cancel that came first would leave the hold there for ever.
    let answered = true;
    try {
      await branch.registered;
      return succeed(
        branch,
        await this.runner.withoutBarrier(run, (step) => {
          answered = step === 'returned';
        }),
      );
    } catch (error) {
      branch.failed(answered);
      throw error;
    }
  }
}

function succeed(branch: OpenBranch, { value, encoded }: TryReturn): unknown {
  branch.succeeded(encoded);
  return value;
}
