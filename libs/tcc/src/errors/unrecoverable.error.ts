import { TccError } from './tcc.error.js';

/**
 * Throw it from a confirm or cancel that can never succeed: the branch is parked at once instead of being retried.
 *
 * @publicApi
 */
export class UnrecoverableError extends TccError {
  override readonly code = 'TCC_UNRECOVERABLE';

  constructor(message: string, options: { cause?: unknown } = {}) {
    super(message, options);
  }
}
