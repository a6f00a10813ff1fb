import { TccError } from './tcc.error.js';

/**
 * A participant in another application gave no answer that counts: nobody listens, the answer did not come in time, or
 * it was not one of the framework (a proxy's error page, say). Whether the phase took effect is not known; behind a
 * barrier a try that arrives late is refused, and a confirm or cancel is called again.
 *
 * @publicApi
 */
export class ParticipantUnreachableError extends TccError {
  override readonly code = 'TCC_PARTICIPANT_UNREACHABLE';
  override readonly httpStatus = 503;

  constructor(
    /** `participant.method`. */
    readonly branch: string,
    readonly phase: 'try' | 'confirm' | 'cancel',
    xid: string,
    problem: string,
    /** When the place asked to be called again (`Retry-After`), in milliseconds. */
    readonly afterMs?: number,
    cause?: unknown,
  ) {
    super(`${phase} of ${branch} (${xid}) got no answer that counts: ${problem}`, {
      xid,
      ...(cause === undefined ? {} : { cause }),
    });
  }
}
