import { TccError } from './tcc.error.js';

/**
 * Throw it from a confirm or cancel that cannot be done *yet*: it is called again after that time, and the call
 * counts as no failed attempt.
 *
 * @publicApi
 */
export class RetryLaterError extends TccError {
  override readonly code = 'TCC_RETRY_LATER';

  constructor(
    /** When to call again, in milliseconds; undefined: 1 s, doubling to the cap. */
    readonly afterMs?: number,
    message = 'not yet',
  ) {
    super(message);
  }
}
