import { TccError } from './tcc.error.js';

/**
 * The same try was delivered a second time after it had taken effect. It did not run again.
 *
 * @publicApi
 */
export class RepeatedTryError extends TccError {
  override readonly code = 'TCC_REPEATED_TRY';
  override readonly httpStatus = 409;

  constructor(
    readonly branch: string,
    xid: string,
    readonly seq: number,
  ) {
    super(`Try of ${branch} (${xid}:${seq}) has taken effect before: refused, it did not run again.`, { xid });
  }
}
