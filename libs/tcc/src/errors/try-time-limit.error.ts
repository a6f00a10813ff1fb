import { TccError } from './tcc.error.js';

/**
 * The try of a participant without DataSource did not answer within its `timeLimit`. Its branch will be cancelled.
 *
 * @publicApi
 */
export class TryTimeLimitError extends TccError {
  override readonly code = 'TCC_TRY_TIME_LIMIT';
  override readonly httpStatus = 504;

  constructor(
    readonly branch: string,
    xid: string,
    readonly limitMs: number,
  ) {
    super(`Try of ${branch} did not answer within its time limit of ${limitMs} ms; its branch is cancelled.`, { xid });
  }
}
