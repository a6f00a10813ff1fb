import 'reflect-metadata';
import { readParameterList } from './parameter-list.js';

/** How a try's arguments stand in front of its result in confirm. */
export interface TryParameters {
  /** How many it declares, those with a default value included, which `length` leaves out; a rest parameter not. */
  readonly count: number;
  /** Nothing may follow them: no rest parameter. False too where that cannot be known. */
  readonly exact: boolean;
}

/**
 * What a method declares. TypeScript's metadata counts best, since compilers that rewrite async methods and other
 * decorators' wrappers show a source with fewer parameters; only the source tells a rest parameter from another one.
 *
 * @param target the prototype and key it is decorated on; undefined for a function
 */
export function parametersOf(
  method: (...args: never[]) => unknown,
  target?: { readonly prototype: object; readonly key: PropertyKey },
): TryParameters {
  const list = readParameterList(Function.prototype.toString.call(method));
  const declared = target && declaredTypes(target.prototype, target.key)?.length;
  if (!list) return { count: declared ?? method.length, exact: false };
  if (!list.hasRest) return { count: declared ?? list.count, exact: true };
  // more are declared than this list can hold: it is a wrapper's `...args`
  const isWrapper = declared !== undefined && declared > list.count + 1;
  return { count: isWrapper ? declared : list.count, exact: false };
}

const declaredTypes = (prototype: object, key: PropertyKey): readonly unknown[] | undefined =>
  Reflect.getMetadata('design:paramtypes', prototype, key as string | symbol) as readonly unknown[] | undefined;

/**
 * The arguments of a try as confirm gets them, so that its result comes behind the last parameter: one that was left
 * out keeps its place, and one too many (`orders.map(stock.reserve)` passes three) must not stand where the result
 * belongs.
 */
export function fitArguments(args: readonly unknown[], { count, exact }: TryParameters): readonly unknown[] {
  if (args.length < count) return [...args, ...Array.from({ length: count - args.length }, () => undefined)];
  return exact ? args.slice(0, count) : args;
}
