import { TccError } from './tcc.error.js';

/**
 * The barrier row is held by another delivery of the same branch that has not ended. Answered with "not yet".
 *
 * @publicApi
 */
export class BarrierBusyError extends TccError {
  override readonly code = 'TCC_BARRIER_BUSY';

  constructor(
    readonly branch: string,
    xid: string,
    cause: unknown,
  ) {
    super(`The barrier row of ${branch} is held by a delivery that has not ended: asked again later.`, { xid, cause });
  }
}
