import { TccError } from './tcc.error.js';

/**
 * A decorated method was called on an object that no TccModule knows (or that several could mean).
 *
 * @publicApi
 */
export class RuntimeNotFoundError extends TccError {
  override readonly code = 'TCC_RUNTIME_NOT_FOUND';

  constructor(
    readonly method: string,
    /** How many TccModules live in this process. */
    readonly live: number,
  ) {
    super(
      live === 0
        ? `${method} was called and no TccModule is running: import TccModule.forRoot() in the application, and call it after the application has started.`
        : `${method} was called on an object that Nest did not construct, and ${live} applications with a TccModule run in this process: let Nest construct it (useClass), so that it is clear which one is meant.`,
    );
  }
}
