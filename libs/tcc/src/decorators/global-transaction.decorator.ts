import { promised } from '../core/promised.js';
import { setRole, type GlobalTransactionSettings, type StoredGlobalOptions } from '../participant/metadata.js';
import { injectRuntime, runtimeOf } from './runtime-of.js';
import { labelOf, wrapMethod, type WrappedCall } from './wrap-method.js';
import type { AsyncMethod } from './method-types.js';

/**
 * Options of `@GlobalTransaction()`. `key` and `fingerprint` get the arguments of the call: write down the types of
 * their parameters, the compiler compares them with the method's.
 *
 * @publicApi
 */
export interface GlobalTransactionOptions<
  K extends readonly unknown[] = [],
  P extends readonly unknown[] = [],
> extends GlobalTransactionSettings {
  /**
   * Idempotency key: the same key again gets the stored result of a confirmed transaction, without a second one. Freed
   * when the transaction is cancelled. `undefined`: no key. Unique per service and transaction name.
   */
  readonly key?: (...args: K) => string | undefined;
  /** What must be equal for the same key to mean the same request; default: all arguments. */
  readonly fingerprint?: (...args: P) => unknown;
}

/** A method whose arguments a function with parameters `A` can be called with. */
type Taking<F extends AsyncMethod, A extends readonly unknown[]> = ((...args: A) => unknown) extends (
  ...args: Parameters<F>
) => unknown
  ? F
  : never;

/**
 * Makes a method the initiator of a global transaction: when it returns, every branch that its tries opened is
 * confirmed; when it throws, every one is cancelled and the error reaches the caller as it is.
 *
 * @throws TransactionTimedOutError, InDoubtError, LedgerUnavailableError, TransactionInProgressError, KeyReuseError,
 * PayloadError, NestedTryError from the decorated method
 * @publicApi
 */
export function GlobalTransaction<K extends readonly unknown[] = [], P extends readonly unknown[] = []>(
  options: GlobalTransactionOptions<K, P> = {},
) {
  return <F extends AsyncMethod>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<Taking<F, K> & Taking<F, P>>,
  ): void => {
    // the arguments are what the compiler has compared; from here on they are a list
    const stored = options as unknown as StoredGlobalOptions;
    const call = ({ self, args, original: method }: WrappedCall): Promise<unknown> => {
      const label = labelOf(self, target, key);
      return runtimeOf(self, label).callGlobal(
        { self, method: key, label, args, body: () => Reflect.apply(method, self, args) },
        stored,
      );
    };
    const original = wrapMethod(target, key, descriptor, '@GlobalTransaction()', (wrapped) =>
      promised(() => call(wrapped)),
    );
    if (!original) return;
    setRole(descriptor.value as object, { role: 'global', options: stored });
    injectRuntime(target);
  };
}
