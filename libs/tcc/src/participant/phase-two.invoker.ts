import { Injectable } from '@nestjs/common';
import type { BranchExecution } from '../context/branch-execution.js';
import { runDetached, type Baggage } from '../context/execution-context.js';
import { Payloads } from '../core/codec/payloads.js';
import type { Monotonic } from '../core/monotonic-clock.js';
import type { BranchRecord } from '../ledger/ledger.types.js';
import { joined } from './branch.interceptor.js';
import { fitArguments } from './parameters.js';
import type { ParticipantTry } from './participant.js';
import { ParticipantRegistry } from './participant.registry.js';

/** One delivery of confirm or cancel, with what the ledger knows. */
export interface PhaseTwoCall {
  readonly xid: string;
  readonly branch: Pick<BranchRecord, 'seq' | 'participant' | 'method' | 'args'>;
  readonly phase: 'confirm' | 'cancel';
  /** What the try returned, encoded; confirm only. */
  readonly result: string | undefined;
  readonly baggage: Baggage;
  /** When the caller counts it as failed. */
  readonly giveUpAt: Monotonic;
}

/** Calls confirm and cancel of participants in this process, behind their barrier and outside any global transaction. */
@Injectable()
export class PhaseTwoInvoker {
  constructor(
    private readonly registry: ParticipantRegistry,
    private readonly payloads: Payloads,
  ) {}

  /**
   * Resolves when the phase is done (now or before).
   *
   * @throws UnknownParticipantError, PayloadError (direction `read`), what the barrier throws, and the method's own error
   */
  async call(call: PhaseTwoCall): Promise<void> {
    const { participant, method, seq } = call.branch;
    const entry = this.registry.find(participant, method, call.xid);
    const run = await this.prepare(entry, call);
    const execution = { xid: call.xid, seq, phase: call.phase, kind: entry.kind, name: entry.fullName };
    const { barrier } = entry.participant;
    if (!barrier) return run?.(execution, {});
    await barrier.run(
      {
        xid: call.xid,
        seq,
        phase: call.phase,
        kind: entry.kind,
        branch: entry.fullName,
        evenIfNotTried: entry.evenIfNotTried,
        deadline: call.giveUpAt,
      },
      async (local) => run?.(execution, joined(local)),
    );
  }

  /** Everything that can fail before the local transaction is open. Undefined: the phase is absent. */
  private async prepare(entry: ParticipantTry, call: PhaseTwoCall): Promise<Run | undefined> {
    const key = call.phase === 'confirm' ? entry.confirm : entry.cancel;
    if (key === undefined) return undefined;
    // Always what was stored, never the live objects: the try may have changed them, and recovery has none.
    const args = this.payloads.decodeArguments(call.branch.args, entry.fullName);
    const withResult = call.phase === 'confirm' && entry.kind !== 'message';
    const passed = withResult ? [...fitArguments(args, entry.parameters), this.resultOf(entry, call)] : args;
    const self = await entry.participant.locate({ xid: call.xid, seq: call.branch.seq, phase: call.phase });
    const target = self as Record<PropertyKey, (...args: readonly unknown[]) => unknown>;
    return async (execution, local) => {
      await runDetached({ branch: { ...execution, self, method: key, ...local }, baggage: call.baggage }, () =>
        target[key]!(...passed),
      );
    };
  }

  private resultOf(entry: ParticipantTry, call: PhaseTwoCall): unknown {
    return call.result === undefined ? undefined : this.payloads.decode(call.result, `Result of ${entry.fullName}`);
  }
}

type Run = (execution: Omit<BranchExecution, 'self' | 'method'>, local: Partial<BranchExecution>) => Promise<void>;
