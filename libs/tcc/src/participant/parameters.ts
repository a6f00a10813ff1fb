import 'reflect-metadata';

/**
 * How many parameters a method declares, those with a default value included, which `length` leaves out. TypeScript's
 * decorator metadata knows; a rest parameter counts as none, since it ends where the arguments do.
 */
export function parameterCount(prototype: object, key: PropertyKey, method: (...args: never[]) => unknown): number {
  const declared = Reflect.getMetadata('design:paramtypes', prototype, key as string | symbol) as
    readonly unknown[] | undefined;
  if (!declared) return method.length;
  return endsInRest(method) ? declared.length - 1 : declared.length;
}

function endsInRest(method: (...args: never[]) => unknown): boolean {
  const source = Function.prototype.toString.call(method);
  const start = source.indexOf('(');
  let depth = 0;
  for (let index = start; index >= 0 && index < source.length; index++) {
    const char = source[index];
    if (char === '(' || char === '[' || char === '{') depth++;
    else if (char === ')' || char === ']' || char === '}') depth--;
    // a spread at depth 1 of the parameter list is the rest parameter; one deeper belongs to a pattern or a default
    if (depth === 1 && source.startsWith('...', index)) return true;
    if (depth === 0) return false;
  }
  return false;
}
