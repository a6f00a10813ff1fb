/**
 * Injection token of a participant, wherever it runs: for `overrideProvider()` in tests, and for factories.
 *
 * @param participant its stable name
 * @publicApi
 */
export const getParticipantToken = (participant: string): string => `nestjs-tcc:participant:${participant}`;

// Symbol.for: two copies of the library in a process (ES module beside CommonJS) must read each other's marks.
const INJECTED = Symbol.for('nestjs-tcc:injected-participants');
const NAMES = Symbol.for('nestjs-tcc:injected-participant-names');

const shared = globalThis as { [NAMES]?: Set<string> };
const names = (shared[NAMES] ??= new Set<string>());

/** Every name that any class of this process has injected: what the module has to provide. */
export const injectedNames = (): readonly string[] => [...names];

/** Remembers that a class wants a participant. */
export function recordInjection(target: object, participant: string): void {
  names.add(participant);
  const known = injectedInto(target);
  Reflect.defineMetadata(INJECTED, [...known, participant], target);
}

/** The participants that a class wants, its ancestors' included. */
export const injectedInto = (target: object): readonly string[] =>
  (Reflect.getMetadata(INJECTED, target) as readonly string[] | undefined) ?? [];
