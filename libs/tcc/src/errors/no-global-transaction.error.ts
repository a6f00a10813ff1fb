import { TccError } from './tcc.error.js';

/**
 * A try was called, or `MANDATORY` was asked for, outside a global transaction.
 *
 * @publicApi
 */
export class NoGlobalTransactionError extends TccError {
  override readonly code = 'TCC_NO_GLOBAL_TRANSACTION';

  constructor(readonly what: string) {
    super(
      `${what} needs a global transaction and none is active: call it from a method under @GlobalTransaction() or inside tcc.run(). ` +
        'If it was called from one, the asynchronous context was lost on the way (an event emitter, a pool or a callback that was bound before).',
    );
  }
}
