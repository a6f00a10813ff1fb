import type { BranchExecution } from '../context/branch-execution.js';
import { currentContext } from '../context/execution-context.js';
import { isSuperCall } from './super-call.js';

/** Phases whose method has been called. */
const entered = new WeakSet<BranchExecution>();

/**
 * Whether a call of a confirm, cancel or message is the coordinator's own, once for each delivery, or
 * `super.method()` from the override that the coordinator called.
 */
export function entersPhase(target: object, key: PropertyKey, self: object): boolean {
  const { branch } = currentContext();
  if (branch?.method !== key) return false;
  if (branch.self !== self && !isSeenThroughProxy(branch.self, self)) return false;
  if (entered.has(branch)) return isSuperCall(self, target, key);
  entered.add(branch);
  return true;
}

/** Nest may wrap instances (`instrument.instanceDecorator`), and some such wrappers bind methods to what they wrap. */
const isSeenThroughProxy = (called: object, self: object): boolean =>
  typeof self === 'object' && self !== null && Object.getPrototypeOf(called) === Object.getPrototypeOf(self);
