import { currentContext } from '../../context/execution-context.js';
import type { OpenBranch, TransactionScope } from '../../context/transaction-scope.js';
import type { Payloads } from '../../core/codec/payloads.js';
import type { FaultHook } from '../../core/fault-point.js';
import { monotonicNow } from '../../core/monotonic-clock.js';
import type { PhaseAnswer } from '../../core/wire/phase-answer.js';
import { CircuitOpenError } from '../../errors/circuit-open.error.js';
import { ParticipantFailedError } from '../../errors/participant-failed.error.js';
import { ParticipantRefusedError } from '../../errors/participant-refused.error.js';
import { RetryLaterError } from '../../errors/retry-later.error.js';
import { TransactionTimedOutError } from '../../errors/transaction-timed-out.error.js';
import { UnknownParticipantError } from '../../errors/unknown-participant.error.js';
import type { PhaseTwoCall } from '../phase-two-call.js';
import { scopeFor } from '../scope-for.js';
import type { RemoteParticipant } from './remote-place.js';
import { remoteErrorOf, reviveError } from './revive-error.js';

/** A try (or message) of a remote participant as it was called. */
export interface RemoteTryCall {
  readonly remote: RemoteParticipant;
  readonly method: string;
  readonly args: readonly unknown[];
  readonly scope: TransactionScope | undefined;
}

/** Records a branch of a participant elsewhere, then calls it there; later its confirm or cancel. */
export class RemoteCaller {
  constructor(
    private readonly payloads: Payloads,
    private readonly faults: FaultHook,
  ) {}

  /**
   * @returns what the try returned
   * @throws its business error; ParticipantUnreachableError, CircuitOpenError, UnknownParticipantError, and what a local
   * try throws that was not run
   */
  async try(call: RemoteTryCall): Promise<unknown> {
    const { remote, method } = call;
    const name = `${remote.name}.${method}`;
    const scope = scopeFor(name, call.scope, undefined);
    const args = this.payloads.encodeArguments(call.args, name);
    const isMessage = remote.messages.has(method);
    const branch = scope.open({ participant: remote.name, method, kind: isMessage ? 'message' : 'tcc', args });
    if (isMessage) {
      await branch.registered;
      return undefined;
    }
    // Until it has said so itself, the other side may still be at work on it.
    let over = true;
    try {
      await branch.registered;
      const about = { xids: [branch.xid], branch: name };
      const before = this.faults('call.try.sending', about);
      if (before) await before;
      const timeoutMs = timeFor(branch, remote, name);
      over = false;
      const answer = await remote.place.call(
        {
          xid: branch.xid,
          seq: branch.seq,
          participant: remote.name,
          method,
          phase: 'try',
          kind: 'tcc',
          args,
          remainingMs: branch.deadline - monotonicNow(),
          answered: false,
          baggage: currentContext().baggage,
        },
        { timeoutMs, signal: scope.signal },
      );
      over = answer.answer !== 'refused' || answer.over;
      const after = this.faults('call.try.answered', about);
      if (after) await after;
      const { value, encoded } = this.tryResult(answer, call, name, branch.xid);
      branch.succeeded(encoded);
      return value;
    } catch (error) {
      // an open circuit: nothing was sent
      branch.failed(over || error instanceof CircuitOpenError);
      throw error;
    }
  }

  /**
   * Confirm or cancel. Resolves when it is done.
   *
   * @throws ParticipantRefusedError when it is refused for good; ParticipantFailedError, RetryLaterError,
   * UnknownParticipantError, ParticipantUnreachableError, CircuitOpenError
   */
  async phaseTwo(remote: RemoteParticipant, call: PhaseTwoCall): Promise<void> {
    const { xid, phase, branch } = call;
    const name = `${branch.participant}.${branch.method}`;
    const about = { xids: [xid], branch: name };
    const before = this.faults(`call.${phase}.sending`, about);
    if (before) await before;
    const answer = await remote.place.call(
      {
        xid,
        seq: branch.seq,
        participant: branch.participant,
        method: branch.method,
        phase,
        kind: branch.kind === 'message' ? 'message' : 'tcc',
        args: branch.args,
        ...(call.result === undefined ? {} : { result: call.result }),
        remainingMs: call.remainingMs,
        answered: call.answered,
        baggage: call.baggage,
      },
      { timeoutMs: Math.max(1, call.giveUpAt - monotonicNow()) },
    );
    const after = this.faults(`call.${phase}.answered`, about);
    if (after) await after;
    switch (answer.answer) {
      case 'done':
        return;
      case 'refused':
        throw new ParticipantRefusedError(name, phase, xid, remoteErrorOf(answer.error, this.payloads));
      case 'failed':
        throw new ParticipantFailedError(name, phase, xid, remoteErrorOf(answer.error, this.payloads));
      case 'not yet':
        throw new RetryLaterError(answer.afterMs, answer.error.message);
      case 'unknown participant':
        throw new UnknownParticipantError(name, answer.known, xid);
    }
  }

  private tryResult(
    answer: PhaseAnswer,
    { remote }: RemoteTryCall,
    name: string,
    xid: string,
  ): { value: unknown; encoded: string } {
    switch (answer.answer) {
      case 'done': {
        // a try whose result was not sent returned nothing
        const encoded =
          answer.result === undefined
            ? this.payloads.encodeResult(undefined, name)
            : this.payloads.assertKept(answer.result, `Result of ${name}`);
        return { encoded, value: this.payloads.decode(encoded, `Result of ${name}`) };
      }
      case 'refused':
        throw (
          reviveError(answer.error, remote.errors, this.payloads) ??
          new ParticipantRefusedError(name, 'try', xid, remoteErrorOf(answer.error, this.payloads))
        );
      case 'failed':
      case 'not yet':
        throw new ParticipantFailedError(name, 'try', xid, remoteErrorOf(answer.error, this.payloads));
      case 'unknown participant':
        throw new UnknownParticipantError(name, answer.known, xid);
    }
  }
}

/** @throws TransactionTimedOutError when nothing is left */
function timeFor(branch: OpenBranch, { tryTimeoutMs }: RemoteParticipant, name: string): number {
  const left = branch.deadline - monotonicNow();
  if (left <= 0) throw new TransactionTimedOutError(`calling ${name}`, branch.xid);
  return Math.min(left, tryTimeoutMs ?? left);
}
