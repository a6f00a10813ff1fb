import { Injectable } from '@nestjs/common';
import { InFlight } from '../coordinator/in-flight.js';
import { classifyFailure } from '../coordinator/classify-failure.js';
import { runDetached } from '../context/execution-context.js';
import { Payloads } from '../core/codec/payloads.js';
import { LONGEST_TIMER_MS } from '../core/longest-timer.js';
import { monotonicNow } from '../core/monotonic-clock.js';
import type { PhaseAnswer } from '../core/wire/phase-answer.js';
import type { PhaseCall } from '../core/wire/phase-call.js';
import { toWireError, type WireError } from '../core/wire/wire-error.js';
import { BarrierBusyError } from '../errors/barrier-busy.error.js';
import { ConfigurationError } from '../errors/configuration.error.js';
import { RetryLaterError } from '../errors/retry-later.error.js';
import { ParticipantRegistry } from '../participant/participant.registry.js';
import { PhaseTwoInvoker } from '../participant/phase-two.invoker.js';
import { TryRunner, type TryReturn, type TryRun } from '../participant/try-runner.js';
import type { ParticipantTry } from '../participant/participant.js';

/** Runs phases that other applications call, behind the same barrier as those called from here. */
@Injectable()
export class CallReceiver {
  constructor(
    private readonly registry: ParticipantRegistry,
    private readonly invoker: PhaseTwoInvoker,
    private readonly runner: TryRunner,
    private readonly payloads: Payloads,
    private readonly inFlight: InFlight,
  ) {}

  /**
   * @param signal aborts when the caller no longer listens
   * @param callTimeoutMs the longest a confirm or cancel may take here
   * @returns the answer; never rejects
   */
  receive(call: PhaseCall, signal: AbortSignal, callTimeoutMs: number): Promise<PhaseAnswer> {
    return this.inFlight.add(this.answer(call, signal, callTimeoutMs));
  }

  private async answer(call: PhaseCall, signal: AbortSignal, callTimeoutMs: number): Promise<PhaseAnswer> {
    const entry = this.registry.findOffered(call.participant, call.method);
    if (!entry) return { answer: 'unknown participant', known: this.registry.offered() };
    // Its cancel has nothing to undo: parking it would leave one behind for every call of that mistake.
    const isOtherKind = (entry.kind === 'message') !== (call.kind === 'message') && call.phase !== 'cancel';
    if (isOtherKind) return this.refused(wrongKind(entry, call), true);
    return call.phase === 'try' ? this.try(entry, call, signal) : this.phaseTwo(entry, call, callTimeoutMs);
  }

  private async try(entry: ParticipantTry, call: PhaseCall, signal: AbortSignal): Promise<PhaseAnswer> {
    // Without barrier: once the method has been called nobody knows what a third party makes of it until it returns.
    let over = true;
    try {
      const args = this.payloads.decodeArguments(call.args, entry.fullName);
      const deadline = monotonicNow() + call.remainingMs;
      const abort = limited(signal, Math.min(call.remainingMs, call.patienceMs));
      const self = await entry.participant.locate({ xid: call.xid, seq: call.seq, phase: 'try' });
      const target = self as Record<PropertyKey, (...args: readonly unknown[]) => unknown>;
      const run: TryRun = {
        entry,
        xid: call.xid,
        seq: call.seq,
        deadline,
        self,
        signals: { signal: abort },
        entersWrapper: true,
        body: () => target[entry.method]!(...args),
      };
      const { encoded } = await runDetached({ baggage: call.baggage }, (): Promise<TryReturn> => {
        const { barrier } = entry.participant;
        if (barrier) return this.runner.behindBarrier(run, barrier);
        return this.runner.withoutBarrier(run, (step) => {
          over = step === 'returned';
        });
      });
      return { answer: 'done', result: encoded };
    } catch (error) {
      return this.refused(error, over);
    }
  }

  private async phaseTwo(entry: ParticipantTry, call: PhaseCall, callTimeoutMs: number): Promise<PhaseAnswer> {
    const { xid, seq, participant, method, args, kind, remainingMs, answered, baggage } = call;
    const phase = call.phase === 'confirm' ? 'confirm' : 'cancel';
    const tooEarlyMs = phase === 'cancel' && !answered ? stillPossibleMs(entry, remainingMs) : 0;
    if (tooEarlyMs > 0)
      return this.notYet(new RetryLaterError(tooEarlyMs, `its try may be under way for ${tooEarlyMs} ms`), tooEarlyMs);
    try {
      await this.invoker.callHere(entry, {
        xid,
        phase,
        baggage,
        remainingMs,
        answered,
        result: call.result,
        branch: { seq, participant, method, kind, args },
        giveUpAt: monotonicNow() + Math.max(1, Math.min(call.patienceMs, callTimeoutMs)),
      });
      return { answer: 'done' };
    } catch (error) {
      const failure = classifyFailure(error);
      if (failure.kind === 'park') return this.refused(error, true);
      if (failure.kind === 'not-yet') return this.notYet(error, failure.afterMs);
      return { answer: 'failed', error: this.wire(error) };
    }
  }

  private refused(error: unknown, over: boolean): PhaseAnswer {
    if (error instanceof BarrierBusyError) return this.notYet(error, undefined);
    return { answer: 'refused', error: this.wire(error), over };
  }

  private notYet(error: unknown, afterMs: number | undefined): PhaseAnswer {
    return { answer: 'not yet', error: this.wire(error), ...(afterMs === undefined ? {} : { afterMs }) };
  }

  private wire(error: unknown): WireError {
    return toWireError(error, (details) => this.payloads.encodeResult(details, 'details of an error'));
  }
}

/**
 * How long a try without barrier that has not answered may still be under way: nobody can refuse it when it arrives
 * late, so its cancel waits, wherever it is driven from.
 */
const stillPossibleMs = ({ participant, timeLimitMs }: ParticipantTry, remainingMs: number): number =>
  participant.barrier || timeLimitMs === undefined ? 0 : remainingMs + timeLimitMs;

/** Ends with whichever comes first. Timers of calls that ended must not keep the process. */
const limited = (signal: AbortSignal, ms: number): AbortSignal =>
  AbortSignal.any([signal, AbortSignal.timeout(Math.min(Math.max(0, Math.ceil(ms)), LONGEST_TIMER_MS))]);

const wrongKind = ({ fullName, kind }: ParticipantTry, call: PhaseCall): Error =>
  new ConfigurationError(
    fullName,
    kind === 'message'
      ? `it is a message, and the caller called it as a try: forRemote([{ participant: '${call.participant}', messages: ['${call.method}'] }])`
      : `it is a try, and the caller lists it in messages of forRemote()`,
  );
