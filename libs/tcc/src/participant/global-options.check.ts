import { toMilliseconds } from '../core/duration.js';
import { ConfigurationError } from '../errors/configuration.error.js';
import type { WiringMistake } from '../errors/wiring.error.js';
import type { ClassRoles } from './class-roles.js';
import { isStableName } from './tries.builder.js';

/** Mistakes in the options of `@GlobalTransaction()` that would else come up with the first call. */
export function checkGlobalTransactions({ className, roles }: ClassRoles): WiringMistake[] {
  const mistakes: WiringMistake[] = [];
  for (const [method, role] of roles) {
    if (role.role !== 'global') continue;
    const { name, timeout } = role.options;
    if (name !== undefined && !isStableName(name)) {
      mistakes.push({
        class: className,
        method: String(method),
        problem: `${JSON.stringify(name)} is no name for a transaction`,
        remedy: 'Use 1 to 200 printable characters',
      });
    }
    try {
      if (timeout !== undefined) toMilliseconds(timeout, 'timeout');
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      mistakes.push({
        class: className,
        method: String(method),
        problem: error.problem,
        remedy: 'Correct its timeout',
      });
    }
  }
  return mistakes;
}
