import type { RemoteError } from './participant-refused.error.js';
import { TccError } from './tcc.error.js';

/**
 * A confirm or cancel failed in the application that has the participant. It is called again.
 *
 * @publicApi
 */
export class ParticipantFailedError extends TccError {
  override readonly code = 'TCC_PARTICIPANT_FAILED';
  override readonly httpStatus = 502;

  constructor(
    /** `participant.method`. */
    readonly branch: string,
    readonly phase: 'try' | 'confirm' | 'cancel',
    xid: string,
    readonly failure: RemoteError,
  ) {
    super(`${phase} of ${branch} failed there (${failure.code}): ${failure.message}`, { xid });
  }
}
