import { TccError } from './tcc.error.js';

/**
 * A try arrived after its branch had been cancelled. It did not run and never will.
 *
 * @publicApi
 */
export class LateTryError extends TccError {
  override readonly code = 'TCC_LATE_TRY';
  override readonly httpStatus = 409;

  constructor(
    readonly branch: string,
    xid: string,
    readonly seq: number,
  ) {
    super(`Try of ${branch} (${xid}:${seq}) came after its cancel: refused, nothing was done.`, { xid });
  }
}
