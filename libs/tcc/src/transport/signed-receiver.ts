import { Inject, Injectable, Logger } from '@nestjs/common';
import { writeAnswer, writeRefusal, type CallRefusal, type PhaseAnswer } from '../core/wire/phase-answer.js';
import { readCall, WIRE_VERSION, type PhaseCall } from '../core/wire/phase-call.js';
import { signAnswer, verify, type SigningKey } from '../core/wire/signature.js';
import { CallReceiver } from './call-receiver.js';
import { RECEIVER_SETTINGS, type ReceiverSettings } from './receiver.settings.js';
import { withTrace } from './trace-context.js';

/** What goes back, for any transport; HTTP adds the status. */
export interface Reply {
  readonly status: number;
  readonly text: string;
  /** Absent where the call was not signed, or not by anybody known. */
  readonly signature?: string;
  /** For `Retry-After`. */
  readonly retryAfterMs?: number;
}

const STATUS: Record<PhaseAnswer['answer'] | CallRefusal['answer'], number> = {
  done: 200,
  refused: 409,
  failed: 500,
  'not yet': 503,
  'unknown participant': 404,
  unauthorized: 401,
  stale: 401,
  malformed: 400,
  'too large': 413,
  'other version': 501,
};

/** Lets through to the participants what was signed by somebody who may call them, and nothing else. */
@Injectable()
export class SignedReceiver {
  private readonly logger = new Logger('TccReceiver');
  private refused = 0;

  constructor(
    private readonly receiver: CallReceiver,
    @Inject(RECEIVER_SETTINGS) private readonly settings: ReceiverSettings,
  ) {}

  /** How many calls were turned away unread since the start. */
  get refusedCalls(): number {
    return this.refused;
  }

  /** Whether anything is offered: without a key, only where `insecure: true` is written out. */
  get isOpen(): boolean {
    return this.settings.keys.length > 0 || this.settings.insecure;
  }

  get maxBodyBytes(): number {
    return this.settings.maxBodyBytes;
  }

  /**
   * @param signal aborts when the caller no longer listens
   * @returns never rejects
   */
  async handle(body: string, signature: string | undefined, signal: AbortSignal): Promise<Reply> {
    const { keys, insecure, service, windowMs } = this.settings;
    const now = Date.now();
    if (insecure && signature === undefined) return this.open(body, now, now, signal);
    const judged = verify(keys, signature, { audience: service, body }, { now, windowMs });
    if (judged.is === 'invalid') return this.refuse({ answer: 'unauthorized' });
    const reply =
      judged.is === 'stale'
        ? this.refuse({ answer: 'stale', now })
        : await this.open(body, now, judged.signedAt, signal);
    return signed(reply, judged.key, signature!);
  }

  private async open(body: string, now: number, signedAt: number, signal: AbortSignal): Promise<Reply> {
    const { service, callTimeoutMs } = this.settings;
    const read = readCall(body);
    if (read.is === 'malformed') return this.refuse({ answer: 'malformed' });
    if (read.is === 'other version') return this.refuse({ answer: 'other version', supported: [WIRE_VERSION] });
    if (read.call.audience !== service) return this.refuse({ answer: 'unauthorized' });
    const call = read.call.phase === 'try' ? arrived(read.call, now - signedAt) : read.call;
    if (!call) return this.refuse({ answer: 'stale', now });
    const answer = await withTrace(call.trace, () => this.receiver.receive(call, signal, callTimeoutMs));
    const fault = this.settings.faults(`answer.${call.phase}.sending`, {
      xids: [call.xid],
      branch: `${call.participant}.${call.method}`,
    });
    if (fault) await fault;
    return replyTo(call, answer);
  }

  /** Turned away: nothing was run. */
  refuse(refusal: CallRefusal): Reply {
    this.refused += 1;
    // the first of a kind of trouble is worth a line, a flood of them is not
    if (refusal.answer !== 'stale' && Number.isInteger(Math.log10(this.refused)))
      this.logger.warn(
        `${this.refused} calls of participants were turned away so far, the last one as '${refusal.answer}'`,
      );
    return { status: STATUS[refusal.answer], text: writeRefusal(refusal) };
  }
}

/**
 * What a try was on its way is time that has passed. If that is all it had, it was late, or its caller's clock is behind:
 * the caller finds out which, by signing anew if it has time left. Not so a cancel, where that time is what it waits for
 * a try that may be under way: there a clock that is behind would let it through too early.
 */
function arrived(call: PhaseCall, onItsWayMs: number): PhaseCall | undefined {
  // a caller's clock that is ahead must not give more than was left
  const lostMs = Math.max(0, onItsWayMs);
  const remainingMs = call.remainingMs - lostMs;
  return remainingMs > 0 ? { ...call, remainingMs, patienceMs: call.patienceMs - lostMs } : undefined;
}

function replyTo(call: PhaseCall, answer: PhaseAnswer): Reply {
  const text = writeAnswer(call, answer, Date.now());
  const retryAfterMs = answer.answer === 'not yet' ? answer.afterMs : undefined;
  return { status: STATUS[answer.answer], text, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
}

const signed = (reply: Reply, key: SigningKey, to: string): Reply => ({
  ...reply,
  signature: signAnswer(key, { to, body: reply.text }),
});
