import { Circuit } from '../core/circuit.js';
import { describeError } from '../core/describe-error.js';
import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import { readAnswer, type PhaseAnswer, type ReadAnswer } from '../core/wire/phase-answer.js';
import { writeCall } from '../core/wire/phase-call.js';
import { isAnswerSigned, sign, type SigningKey } from '../core/wire/signature.js';
import { CircuitOpenError } from '../errors/circuit-open.error.js';
import { ParticipantUnreachableError } from '../errors/participant-unreachable.error.js';
import type { CallLimit, PhaseRequest, RemotePlace } from '../participant/remote/remote-place.js';
import type { Carrier, CarrierAnswer } from './carrier.js';
import { traceToSend } from './trace-context.js';

export interface SignedPlaceOptions {
  /** The application that the calls are for. */
  readonly audience: string;
  /** undefined: calls are not signed, and answers are taken as they come. */
  readonly key: SigningKey | undefined;
}

/** What came back, and what it turned out to be. */
interface Received {
  readonly raw: CarrierAnswer;
  readonly read: ReadAnswer;
  /** Made for this call by somebody who knows the secret; always, where calls are not signed. */
  readonly isTrusted: boolean;
  /** By our clock. */
  readonly sentAt: number;
}

/** A place whose calls are signed, whose clock is followed, and which is left alone while it does not answer. */
export class SignedPlace implements RemotePlace {
  private readonly circuit = new Circuit();
  /** Its clock minus ours, as of its last answer: the receiver judges by its own. */
  private clockAheadMs = 0;

  constructor(
    private readonly carrier: Carrier,
    private readonly options: SignedPlaceOptions,
  ) {}

  async call(request: PhaseRequest, limit: CallLimit): Promise<PhaseAnswer> {
    const branch = `${request.participant}.${request.method}`;
    const { phase, xid } = request;
    const passage = this.circuit.enter();
    if (typeof passage === 'number') throw new CircuitOpenError(branch, phase, xid, passage);
    try {
      const answer = await this.ask(request, limit);
      passage.answered();
      return answer;
    } catch (error) {
      const silence = error instanceof NoAnswer ? error : undefined;
      // what turns a call away in the framework's own words is there, however little it likes the call
      if (silence?.isRefusal) passage.answered();
      else if (passage.failed()) await this.carrier.renew?.().catch(() => undefined);
      if (!silence) throw error;
      throw new ParticipantUnreachableError(branch, phase, xid, silence.message, silence.afterMs, silence.cause);
    }
  }

  close(): Promise<void> {
    return this.carrier.close();
  }

  /** @throws NoAnswer */
  private async ask(request: PhaseRequest, limit: CallLimit): Promise<PhaseAnswer> {
    const startedAt = monotonicNow();
    const end = startedAt + limit.timeoutMs;
    const first = await this.send(request, startedAt, end, limit.signal);
    if (first.isTrusted && first.read?.about === 'refusal' && first.read.refusal.answer === 'stale') {
      // nothing was run: only our idea of its clock was wrong
      this.follow(first.read.refusal.now, first.sentAt);
      return this.judge(await this.send(request, startedAt, end, limit.signal));
    }
    return this.judge(first);
  }

  private async send(
    request: PhaseRequest,
    startedAt: Monotonic,
    end: Monotonic,
    signal: AbortSignal | undefined,
  ): Promise<Received> {
    const now = monotonicNow();
    const timeoutMs = end - now;
    if (timeoutMs <= 0) throw new NoAnswer('there was no time left to send it again');
    const { audience, key } = this.options;
    const body = writeCall({
      ...request,
      audience,
      remainingMs: Math.floor(request.remainingMs - (now - startedAt)),
      patienceMs: Math.floor(timeoutMs),
      trace: traceToSend(),
    });
    const sentAt = Date.now();
    const signature = key && sign(key, { audience, body }, sentAt + this.clockAheadMs);
    try {
      const raw = await this.carrier.carry({ body, signature }, { timeoutMs, signal });
      const isTrusted = !key || isAnswerSigned(key, raw.signature, { to: signature!, body: raw.text });
      return { raw, isTrusted, sentAt, read: readAnswer(raw.text, request) };
    } catch (cause) {
      throw new NoAnswer(describeError(cause), { cause });
    }
  }

  /**
   * Its clock showed `now` somewhere between the call and its answer. What is known already is moved no further than that
   * asks for: an answer that was long on its way, or a process that stood still, says little.
   */
  private follow(now: number, sentAt: number): void {
    this.clockAheadMs = Math.min(Math.max(this.clockAheadMs, now - Date.now()), now - sentAt);
  }

  private judge({ read, raw, isTrusted, sentAt }: Received): PhaseAnswer {
    // turned away before anything was verified: nothing to sign with, and nothing to gain from a false one
    if (read?.about === 'refusal') throw new NoAnswer(explain(read.refusal), { isRefusal: true });
    if (!read) throw new NoAnswer(`${raw.what} is no answer of nestjs-tcc to this call`, raw);
    if (!isTrusted) throw new NoAnswer('its answer is not signed, or not with the key of the call', raw);
    this.follow(read.now, sentAt);
    return read.answer;
  }
}

/** Inside this file: no answer that counts. */
class NoAnswer extends Error {
  readonly afterMs: number | undefined;
  readonly isRefusal: boolean;

  constructor(message: string, about: { retryAfterMs?: number; cause?: unknown; isRefusal?: boolean } = {}) {
    super(message, { cause: about.cause });
    this.afterMs = about.retryAfterMs;
    this.isRefusal = about.isRefusal === true;
  }
}

function explain(refusal: Extract<ReadAnswer, { about: 'refusal' }>['refusal']): string {
  switch (refusal.answer) {
    case 'unauthorized':
      return 'it does not accept the signature: both applications need the same key in remote.keys, and forRemote() the service name that it has in forRoot()';
    case 'stale':
      return 'it finds the signature too old, even by the time that it told';
    case 'malformed':
      return 'it cannot read the call';
    case 'too large':
      return 'the call is larger than its maxPayloadBytes allow';
    case 'other version':
      return `it speaks version ${refusal.supported.join(', ')} of the wire format only: bring both applications to versions of nestjs-tcc that share one`;
  }
}
