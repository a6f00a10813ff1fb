import { toMilliseconds } from '../core/duration.js';
import { ConfigurationError } from '../errors/configuration.error.js';
import type { WiringMistake } from '../errors/wiring.error.js';
import type { ClassRoles } from './class-roles.js';
import type { MethodRole, ParticipantMark } from './metadata.js';
import type { TryParameters } from './parameters.js';
import type { ParticipantTry } from './participant.js';

/** A try before its participant exists. */
export type TryDraft = Omit<ParticipantTry, 'participant'>;

/** The tries of a class, and every mistake in how they are put together. */
export function buildTries(
  mark: ParticipantMark,
  { className, roles }: ClassRoles,
): { tries: TryDraft[]; mistakes: WiringMistake[] } {
  const mistakes: WiringMistake[] = [];
  const complain = (method: PropertyKey | undefined, problem: string, remedy: string): void => {
    mistakes.push({ class: className, ...(method === undefined ? {} : { method: String(method) }), problem, remedy });
  };
  const phases = phasesByTry(roles, complain);
  const tries: TryDraft[] = [];
  for (const [method, role] of roles) {
    if (role.role === 'try') tries.push(tryDraft(mark, method, role, phases, complain));
    else if (role.role === 'message') tries.push(messageDraft(mark, method, role));
  }
  for (const [of, { confirm, cancel }] of phases) {
    if (roles.get(of)?.role === 'try') continue;
    for (const method of [confirm, cancel]) {
      if (method !== undefined)
        complain(method, `it belongs to '${of}', which is no try of this class`, 'Name a method under @Try()');
    }
  }
  checkNames(mark, tries, complain);
  return { tries, mistakes };
}

type Complain = (method: PropertyKey | undefined, problem: string, remedy: string) => void;
type Phases = Map<
  string,
  { confirm?: PropertyKey; cancel?: PropertyKey; evenIfNotTried?: boolean; parameters?: TryParameters | undefined }
>;

function phasesByTry(roles: ReadonlyMap<PropertyKey, MethodRole>, complain: Complain): Phases {
  const phases: Phases = new Map();
  for (const [method, role] of roles) {
    if (role.role !== 'confirm' && role.role !== 'cancel') continue;
    const found = phases.get(role.of) ?? {};
    if (found[role.role] !== undefined) {
      complain(method, `'${role.of}' has a second ${role.role} (the other is ${String(found[role.role])})`, 'Keep one');
    }
    found[role.role] = method;
    if (role.role === 'cancel') found.evenIfNotTried = role.options.evenIfNotTried ?? false;
    else found.parameters = role.parameters;
    phases.set(role.of, found);
  }
  return phases;
}

function tryDraft(
  mark: ParticipantMark,
  method: PropertyKey,
  role: MethodRole & { role: 'try' },
  phases: Phases,
  complain: Complain,
): TryDraft {
  const { options } = role;
  const { confirm, cancel, evenIfNotTried = false, parameters = role.parameters } = phases.get(String(method)) ?? {};
  for (const [phase, key] of [
    ['confirm', confirm],
    ['cancel', cancel],
  ] as const) {
    const name = phase === 'confirm' ? '@Confirm' : '@Cancel';
    if (key === undefined && options[phase] !== false) {
      complain(
        method,
        `it has no ${phase}`,
        `Add a method under ${name}('${String(method)}'), or say so: @Try({ ${phase}: false })`,
      );
    }
    if (key !== undefined && options[phase] === false) {
      complain(method, `it says ${phase}: false and ${String(key)} is its ${phase}`, 'Drop one of the two');
    }
  }
  if (mark.options.dataSource === false && options.timeLimit === undefined) {
    complain(
      method,
      'its participant has no DataSource, so a late try cannot be refused',
      "State how long a try may take: @Try({ timeLimit: '5s' })",
    );
  }
  return {
    ...named(mark, method, options.name),
    kind: options.confirm === false ? 'saga' : 'tcc',
    method,
    confirm,
    cancel,
    evenIfNotTried,
    timeLimitMs: limitOf(options.timeLimit, method, complain),
    parameters,
  };
}

const messageDraft = (
  mark: ParticipantMark,
  method: PropertyKey,
  role: MethodRole & { role: 'message' },
): TryDraft => ({
  ...named(mark, method, role.options.name),
  kind: 'message',
  method,
  confirm: method,
  cancel: undefined,
  evenIfNotTried: false,
  timeLimitMs: undefined,
  parameters: { count: 0, exact: false },
});

function named(
  mark: ParticipantMark,
  method: PropertyKey,
  given: string | undefined,
): { name: string; fullName: string } {
  const name = given ?? String(method);
  return { name, fullName: `${mark.name}.${name}` };
}

function limitOf(
  limit: Parameters<typeof toMilliseconds>[0] | undefined,
  method: PropertyKey,
  complain: Complain,
): number | undefined {
  if (limit === undefined) return undefined;
  try {
    return toMilliseconds(limit, 'timeLimit');
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    complain(method, error.problem, 'Correct its timeLimit');
    return undefined;
  }
}

/** Longer ones belong in no ledger column that people read, and in no index. */
const LONGEST_NAME = 200;

/** Whether a text can be the stable name of something. */
export const isStableName = (name: unknown): name is string =>
  typeof name === 'string' &&
  name.trim().length > 0 &&
  name.length <= LONGEST_NAME &&
  name.isWellFormed() &&
  !/\p{Cc}/u.test(name);

function checkNames(mark: ParticipantMark, tries: readonly TryDraft[], complain: Complain): void {
  if (!isStableName(mark.name))
    complain(
      undefined,
      `${JSON.stringify(mark.name)} is no name for a participant`,
      `Use 1 to ${LONGEST_NAME} printable characters`,
    );
  if (mark.options.dataSource === false && mark.options.effects === 'database') {
    complain(undefined, "it says effects: 'database' and has no DataSource", 'Drop one of the two');
  }
  if (tries.length === 0)
    complain(
      undefined,
      'it is a participant without a try or message',
      'Add a method under @Try(), or drop @Participant()',
    );
  const seen = new Map<string, PropertyKey>();
  for (const { name, method } of tries) {
    if (!isStableName(name))
      complain(method, `${JSON.stringify(name)} is no name for a try`, `Use 1 to ${LONGEST_NAME} printable characters`);
    const other = seen.get(name);
    if (other !== undefined)
      complain(method, `its name '${name}' is that of ${String(other)} too`, 'Give each its own with @Try({ name })');
    seen.set(name, method);
  }
}
