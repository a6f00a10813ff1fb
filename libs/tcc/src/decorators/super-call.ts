/**
 * Whether a decorated method was reached as `super.method()`: a call on the object itself finds the override's wrapper
 * first. Only such a call is part of the phase that runs; a method that calls itself asks for something new.
 *
 * @param target the prototype whose method was reached
 */
export function isSuperCall(self: object, target: object, key: PropertyKey): boolean {
  // from the prototype on: a spy on the object stands in front of everything
  let level = Object.getPrototypeOf(self) as object | null;
  while (level && !Object.hasOwn(level, key)) level = Object.getPrototypeOf(level) as object | null;
  return level !== target;
}
