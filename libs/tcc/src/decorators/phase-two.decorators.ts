import { DirectPhaseCallError } from '../errors/direct-phase-call.error.js';
import { setRole, type CancelOptions } from '../participant/metadata.js';
import type { CancelOf, ConfirmOf, WithTry } from './method-types.js';
import { entersPhase } from './enters-phase.js';
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
    if (!wrapMethod(target, key, descriptor, '@Confirm()', (call) => callPhase(target, key, call))) return;
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
    if (!wrapMethod(target, key, descriptor, '@Cancel()', (call) => callPhase(target, key, call))) return;
    setRole(descriptor.value as object, { role: 'cancel', of: tryMethod, options });
    injectRuntime(target);
  };
}

function callPhase(target: object, key: PropertyKey, call: WrappedCall): unknown {
  if (entersPhase(target, key, call.self)) return Reflect.apply(call.original, call.self, call.args);
  throw new DirectPhaseCallError(labelOf(call.self, target, key));
}
