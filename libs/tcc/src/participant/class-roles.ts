import type { WiringMistake } from '../errors/wiring.error.js';
import { mistakesOf, roleOf, type MethodRole } from './metadata.js';
import type { TryParameters } from './parameters.js';

/** What the decorators of a class and its ancestors say, seen from the most derived class. */
export interface ClassRoles {
  readonly className: string;
  readonly roles: ReadonlyMap<PropertyKey, MethodRole>;
  readonly mistakes: readonly WiringMistake[];
}

/**
 * Reads descriptors only: a getter of somebody's provider must not run at boot.
 *
 * @param prototype of the most derived class
 */
export function readClassRoles(prototype: object): ClassRoles {
  const className = prototype.constructor?.name || 'anonymous class';
  const roles = new Map<PropertyKey, MethodRole>();
  const bare = new Set<PropertyKey>();
  const mistakes: WiringMistake[] = [];
  for (
    let level: object | null = prototype;
    level && level !== Object.prototype;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    mistakes.push(...mistakesOf(level), ...mistakesOf(level.constructor));
    for (const key of Reflect.ownKeys(level)) {
      if (key === 'constructor' || roles.has(key)) continue;
      const role = roleOf(Reflect.getOwnPropertyDescriptor(level, key)?.value);
      if (role && bare.has(key)) mistakes.push(lostDecorator(className, key, role, level));
      // one that was lost counts as there, or its confirm and cancel would be complained of as well
      if (role) roles.set(key, role.role === 'confirm' ? { ...role, parameters: ofTry(level, role.of) } : role);
      else bare.add(key);
    }
  }
  return { className, roles, mistakes };
}

/** TryParameters of the try that a class or its ancestors have under that name. */
function ofTry(prototype: object, key: PropertyKey): TryParameters | undefined {
  let level: object | null = prototype;
  while (level && !Object.hasOwn(level, key)) level = Object.getPrototypeOf(level) as object | null;
  const role = level ? roleOf(Reflect.getOwnPropertyDescriptor(level, key)?.value) : undefined;
  return role?.role === 'try' ? role.parameters : undefined;
}

const DECORATOR = {
  try: '@Try()',
  message: '@Message()',
  confirm: '@Confirm()',
  cancel: '@Cancel()',
  global: '@GlobalTransaction()',
} as const;

function lostDecorator(className: string, key: PropertyKey, { role }: MethodRole, ancestor: object): WiringMistake {
  return {
    class: className,
    method: String(key),
    problem: `it overrides ${ancestor.constructor.name}.${String(key)}, which is under ${DECORATOR[role]}, and has no decorator itself`,
    remedy: `Put ${DECORATOR[role]} on the override too`,
  };
}
