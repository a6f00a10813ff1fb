import type { StoredGlobalOptions } from './metadata.js';

/** A decorated method as it was called. */
export interface MethodCall {
  readonly self: object;
  readonly method: PropertyKey;
  /** `Class.method`. */
  readonly label: string;
  readonly args: readonly unknown[];
  /** Runs the method itself. */
  readonly body: () => unknown;
}

/** What decorators need of a running module. Implemented by `Tcc`. */
export interface TccRuntime {
  /** Runs a method under `@GlobalTransaction()`. */
  callGlobal(call: MethodCall, options: StoredGlobalOptions): Promise<unknown>;
  /** Runs a method under `@Try()` or `@Message()` called by an initiator. */
  callTry(call: MethodCall): Promise<unknown>;
}
