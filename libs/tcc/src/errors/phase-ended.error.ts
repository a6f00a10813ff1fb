import { TccError } from './tcc.error.js';

/**
 * A query was issued through a phase's connection after the phase had ended (a promise that was not awaited).
 *
 * @publicApi
 */
export class PhaseEndedError extends TccError {
  override readonly code = 'TCC_PHASE_ENDED';

  constructor(
    readonly branch: string,
    readonly phase: string,
    xid: string,
  ) {
    super(
      `A query of ${phase} of ${branch} came after that phase had ended: refused. Await every query before the method returns.`,
      {
        xid,
      },
    );
  }
}
