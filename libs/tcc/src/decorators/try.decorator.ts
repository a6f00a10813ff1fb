import { currentContext } from '../context/execution-context.js';
import { promised } from '../core/promised.js';
import { setRole, type TryOptions } from '../participant/metadata.js';
import { parametersOf } from '../participant/parameters.js';
import type { AsyncMethod } from './method-types.js';
import { entersPhase } from './enters-phase.js';
import { injectRuntime, runtimeOf } from './runtime-of.js';
import { isSuperCall } from './super-call.js';
import { labelOf, wrapMethod, type WrappedCall } from './wrap-method.js';

/**
 * Marks a method that reserves. Called inside a global transaction it becomes a branch: recorded in the ledger first,
 * then run behind the barrier. Throwing refuses; the error reaches the caller as it is.
 *
 * What it keeps must be keyed by `tcc.branch.idempotencyKey`, never by a business id: a second attempt of the same
 * order may overlap the first one's cancel.
 *
 * @publicApi
 */
export function Try(options: TryOptions = {}) {
  return <F extends AsyncMethod>(
    target: object,
    key: string | symbol,
    descriptor: TypedPropertyDescriptor<F>,
  ): void => {
    const original = wrapMethod(target, key, descriptor, '@Try()', (call) => callTry(target, key, call));
    if (!original) return;
    setRole(descriptor.value as object, {
      role: 'try',
      options,
      parameters: parametersOf(original, { prototype: target, key }),
    });
    injectRuntime(target);
  };
}

/** What `@Try()` and `@Message()` do at a call. */
export const callTry = (target: object, key: PropertyKey, call: WrappedCall): Promise<unknown> =>
  promised(() => callBranch(target, key, call));

function callBranch(target: object, key: PropertyKey, { self, args, original }: WrappedCall): unknown {
  const { branch } = currentContext();
  // called from another application: it is recorded there
  if (branch?.entersWrapper && entersPhase(target, key, self)) return Reflect.apply(original, self, args);
  // super.method() from an override that is the running try: part of it, no branch of its own
  if (branch?.phase === 'try' && branch.self === self && branch.method === key && isSuperCall(self, target, key))
    return Reflect.apply(original, self, args);
  const label = labelOf(self, target, key);
  return runtimeOf(self, label).callTry({
    self,
    method: key,
    label,
    args,
    body: () => Reflect.apply(original, self, args),
  });
}
