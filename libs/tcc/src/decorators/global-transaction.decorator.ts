import { setRole, type GlobalTransactionSettings, type StoredGlobalOptions } from '../participant/metadata.js';
import { injectRuntime, runtimeOf } from './runtime-of.js';
import { labelOf, wrapMethod } from './wrap-method.js';
import type { AsyncMethod } from './method-types.js';

/**
 * Options of `@GlobalTransaction()`. `key` and `fingerprint` get the arguments of the call.
 *
 * @publicApi
 */
export interface GlobalTransactionOptions<A extends readonly unknown[] = never[]> extends GlobalTransactionSettings {
  /**
   * Idempotency key: the same key again gets the stored result of a confirmed transaction, without a second one. Freed
   * when the transaction is cancelled. `undefined`: no key. Unique per service and transaction name.
   */
  readonly key?: (...args: A) => string | undefined;
  /** What must be equal for the same key to mean the same request; default: all arguments. */
  readonly fingerprint?: (...args: A) => unknown;
}

/** A method whose first parameters are those that `key` and `fingerprint` take. */
type Fitting<F extends AsyncMethod, A extends readonly unknown[]> =
  Parameters<F> extends readonly [...A, ...unknown[]] ? F : A extends never[] ? F : never;

/**
 * Makes a method the initiator of a global transaction: when it returns, every branch that its tries opened is
 * confirmed; when it throws, every one is cancelled and the error reaches the caller as it is.
 *
 * @throws TransactionTimedOutError, InDoubtError, LedgerUnavailableError, TransactionInProgressError, KeyReuseError,
 * PayloadError, NestedTryError from the decorated method
 * @publicApi
 */
export function GlobalTransaction<A extends readonly unknown[] = never[]>(options: GlobalTransactionOptions<A> = {}) {
  return <F extends AsyncMethod>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Fitting<F, A>>,
  ): void => {
    // the arguments are what the compiler has compared; from here on they are a list
    const stored = options as unknown as StoredGlobalOptions;
    const original = wrapMethod(target, key, descriptor, '@GlobalTransaction()', ({ self, args, original: method }) => {
      const label = labelOf(self, target, key);
      return runtimeOf(self, label).callGlobal(
        { self, method: key, label, args, body: () => Reflect.apply(method, self, args) },
        stored,
      );
    });
    if (!original) return;
    setRole(descriptor.value as object, { role: 'global', options: stored });
    injectRuntime(target);
  };
}
