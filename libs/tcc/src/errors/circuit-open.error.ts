import { TccError } from './tcc.error.js';

/**
 * A place did not answer several times in a row and is left alone for a moment: nothing was sent. Of a confirm or
 * cancel this counts as no attempt.
 *
 * @publicApi
 */
export class CircuitOpenError extends TccError {
  override readonly code = 'TCC_CIRCUIT_OPEN';
  override readonly httpStatus = 503;

  constructor(
    /** `participant.method`. */
    readonly branch: string,
    readonly phase: 'try' | 'confirm' | 'cancel',
    xid: string,
    /** When it is tried again, in milliseconds. */
    readonly afterMs: number,
  ) {
    super(`${phase} of ${branch} was not sent: its place did not answer lately and is tried again in ${afterMs} ms`, {
      xid,
    });
  }
}
