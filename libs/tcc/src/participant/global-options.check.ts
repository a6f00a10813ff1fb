import { toMilliseconds, type Duration } from '../core/duration.js';
import { Propagation } from '../core/propagation.js';
import { ConfigurationError } from '../errors/configuration.error.js';
import type { WiringMistake } from '../errors/wiring.error.js';
import type { ClassRoles } from './class-roles.js';
import type { GlobalTransactionSettings, StoredGlobalOptions } from './metadata.js';
import { isStableName } from './tries.builder.js';

const CHOICES = {
  propagation: Object.values(Propagation) as readonly unknown[],
  order: ['together', 'sequence'] as readonly unknown[],
  phaseTwo: ['inline', 'background'] as readonly unknown[],
} as const;

/** An option of a global transaction that cannot work. */
export interface OptionProblem {
  readonly option: keyof StoredGlobalOptions;
  readonly problem: string;
}

/** What the compiler would have refused, for those who write JavaScript or cast: a wrong propagation runs nothing. */
export function problemsOf(options: GlobalTransactionSettings): OptionProblem[] {
  const problems: OptionProblem[] = [];
  const { name, timeout } = options;
  if (name !== undefined && !isStableName(name))
    problems.push({ option: 'name', problem: `${JSON.stringify(name)} is no name for a transaction` });
  const length = timeout === undefined ? undefined : durationProblem(timeout);
  if (length !== undefined) problems.push({ option: 'timeout', problem: length });
  for (const [option, choices] of Object.entries(CHOICES) as [keyof typeof CHOICES, readonly unknown[]][]) {
    const value = options[option];
    if (value !== undefined && !choices.includes(value))
      problems.push({ option, problem: `${option} ${JSON.stringify(value)} is none of ${choices.join(', ')}` });
  }
  return problems;
}

/** Mistakes in the options of `@GlobalTransaction()` that would else come up with the first call. */
export function checkGlobalTransactions({ className, roles }: ClassRoles): WiringMistake[] {
  const mistakes: WiringMistake[] = [];
  for (const [method, role] of roles) {
    if (role.role !== 'global') continue;
    for (const { option, problem } of [...problemsOf(role.options), ...noFunctions(role.options)]) {
      const remedy = option === 'name' ? 'Use 1 to 200 printable characters' : `Correct its ${option}`;
      mistakes.push({ class: className, method: String(method), problem, remedy });
    }
  }
  return mistakes;
}

const noFunctions = (options: StoredGlobalOptions): OptionProblem[] =>
  (['key', 'fingerprint'] as const)
    .filter((option) => options[option] !== undefined && typeof options[option] !== 'function')
    .map((option) => ({ option, problem: `its ${option} is no function of the arguments` }));

function durationProblem(value: Duration): string | undefined {
  try {
    toMilliseconds(value, 'timeout');
    return undefined;
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    return error.problem;
  }
}
