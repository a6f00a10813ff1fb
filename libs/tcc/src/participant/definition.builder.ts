import type { WiringMistake } from '../errors/wiring.error.js';
import type { MethodRole } from './metadata.js';
import { parametersOf } from './parameters.js';
import type { AnyDefinition, ParticipantDefinition } from './participant-definition.js';
import { buildTries, type TryDraft } from './tries.builder.js';

/** A definition as methods of one object, so that everything else treats it like a decorated class. */
export interface BuiltDefinition {
  readonly methods: Readonly<Record<string, (...args: never[]) => unknown>>;
  readonly tries: readonly TryDraft[];
  readonly mistakes: readonly WiringMistake[];
}

/** By the rules that hold for decorated classes. */
export function buildDefinition({ name, options, tries }: ParticipantDefinition): BuiltDefinition {
  const methods: Record<string, (...args: never[]) => unknown> = {};
  const roles = new Map<PropertyKey, MethodRole>();
  const put = (key: string, method: (...args: never[]) => unknown, role: MethodRole): void => {
    methods[key] = method;
    roles.set(key, role);
  };
  for (const [key, definition] of Object.entries(tries)) {
    if ('message' in definition) put(key, definition.message, { role: 'message', options: {} });
    else putTry(key, definition, put);
  }
  return { methods, ...buildTries({ name, options }, { className: `participant ${name}`, roles, mistakes: [] }) };
}

function putTry(
  key: string,
  definition: Extract<AnyDefinition, { try: unknown }>,
  put: (key: string, method: (...args: never[]) => unknown, role: MethodRole) => void,
): void {
  const { confirm, cancel, timeLimit, evenIfNotTried = false } = definition;
  const absent = { ...(confirm === false ? { confirm } : {}), ...(cancel === false ? { cancel } : {}) };
  const options = { ...absent, ...(timeLimit === undefined ? {} : { timeLimit }) };
  put(key, definition.try, { role: 'try', options, parameters: parametersOf(definition.try) });
  if (confirm) put(`${key}.confirm`, confirm, { role: 'confirm', of: key });
  if (cancel) put(`${key}.cancel`, cancel, { role: 'cancel', of: key, options: { evenIfNotTried } });
}
