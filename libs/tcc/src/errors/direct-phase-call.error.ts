import { TccError } from './tcc.error.js';

/**
 * A confirm or cancel method was called directly. Only the coordinator calls them.
 *
 * @publicApi
 */
export class DirectPhaseCallError extends TccError {
  override readonly code = 'TCC_DIRECT_PHASE_CALL';

  constructor(readonly method: string) {
    super(
      `${method} is a confirm or cancel method and was called directly: the coordinator calls it once the decision is durable. ` +
        'Put what both need into a method without decorator.',
    );
  }
}
