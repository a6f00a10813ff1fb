import { currentContext } from '../context/execution-context.js';
import { DirectPhaseCallError } from '../errors/direct-phase-call.error.js';
import { setRole, type CancelOptions } from '../participant/metadata.js';
import type { CancelOf, ConfirmOf, WithTry } from './method-types.js';
import { injectRuntime } from './runtime-of.js';
import { labelOf, wrapMethod, type WrappedCall } from './wrap-method.js';

/**
 * Marks the confirm of a try: uses what the try reserved. Gets the try's arguments, then what the try returned, both
 * as the ledger kept them. Called once the decision is durable, until it returns.
 *
 * @param tryMethod name of the method under `@Try()` on the same class; the compiler checks it and the parameters
 * @publicApi
 */
export function Confirm<K extends string>(tryMethod: K) {
  return <T extends WithTry<K>, F extends ConfirmOf<T[K]>>(
    target: T,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    if (!wrapMethod(target, key, descriptor, '@Confirm()', (call) => callPhase('confirm', target, key, call))) return;
    setRole(descriptor.value as object, { role: 'confirm', of: tryMethod });
    injectRuntime(target);
  };
}

/**
 * Marks the cancel of a try: gives back what the try reserved. Gets the try's arguments as the ledger kept them.
 * Behind a barrier it is called only when the try took effect.
 *
 * @param tryMethod name of the method under `@Try()` on the same class; the compiler checks it and the parameters
 * @publicApi
 */
export function Cancel<K extends string>(tryMethod: K, options: CancelOptions = {}) {
  return <T extends WithTry<K>, F extends CancelOf<T[K]>>(
    target: T,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    if (!wrapMethod(target, key, descriptor, '@Cancel()', (call) => callPhase('cancel', target, key, call))) return;
    setRole(descriptor.value as object, { role: 'cancel', of: tryMethod, options });
    injectRuntime(target);
  };
}

/** Lets only the coordinator's own call through (and `super.method()` from the override that it called). */
export function callPhase(
  phase: 'confirm' | 'cancel',
  target: object,
  key: PropertyKey,
  { self, args, original }: WrappedCall,
): unknown {
  const { branch } = currentContext();
  const sameObject = branch !== undefined && (branch.self === self || isSeenThroughProxy(branch.self, self));
  if (sameObject && branch.phase === phase && branch.method === key) return Reflect.apply(original, self, args);
  throw new DirectPhaseCallError(labelOf(self, target, key));
}

/** Nest may wrap instances (`instrument.instanceDecorator`), and some such wrappers bind methods to what they wrap. */
const isSeenThroughProxy = (called: object, self: object): boolean =>
  typeof self === 'object' && self !== null && Object.getPrototypeOf(called) === Object.getPrototypeOf(self);
