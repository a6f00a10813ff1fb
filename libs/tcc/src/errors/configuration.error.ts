import { TccError } from './tcc.error.js';

/**
 * An option has a value that cannot work.
 *
 * @publicApi
 */
export class ConfigurationError extends TccError {
  override readonly code = 'TCC_CONFIGURATION';

  constructor(
    readonly option: string,
    readonly problem: string,
  ) {
    super(`Option ${option}: ${problem}.`);
  }
}
