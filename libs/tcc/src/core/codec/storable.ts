import { binaryKind, isBinary } from './binary.js';

/** A value that cannot be kept, and where in the payload it is. */
export class UnstorableValue extends Error {
  constructor(
    readonly path: readonly (string | number)[],
    readonly problem: string,
  ) {
    super(problem);
  }
}

/** `plain`: JSON keeps it exactly. `rich`: it holds a Date, bigint, undefined, Map, … that JSON would lose. */
export type Richness = 'plain' | 'rich';

/** Deep enough for any document, far from the end of the stack. */
const DEEPEST = 200;
/** More than any payload has room for. A few objects that share others can stand for more than time itself has room for. */
const MOST_VALUES = 1_000_000;

/** What one inspection has met. */
interface Journey {
  readonly path: (string | number)[];
  readonly ancestors: Set<object>;
  values: number;
}

/**
 * Judges a value without changing it.
 *
 * @throws UnstorableValue for functions, symbols, cycles, and objects whose class JSON data cannot stand for
 */
export function inspect(value: unknown): Richness {
  return look(value, { path: [], ancestors: new Set(), values: 0 });
}

function look(value: unknown, journey: Journey): Richness {
  const { path } = journey;
  if (++journey.values > MOST_VALUES)
    throw new UnstorableValue(path.slice(0, 1), `it holds more than ${MOST_VALUES} values`);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return 'plain';
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? 'plain' : 'rich';
    case 'undefined':
    case 'bigint':
      return 'rich';
    case 'function':
      throw new UnstorableValue(path, 'it is a function');
    case 'symbol':
      throw new UnstorableValue(path, 'it is a symbol');
    case 'object':
      return value === null ? 'plain' : lookInside(value, journey);
  }
}

function lookInside(value: object, journey: Journey): Richness {
  const { path, ancestors } = journey;
  if (ancestors.has(value)) throw new UnstorableValue(path, 'it contains itself');
  // All of the path would be too much to read.
  if (path.length >= DEEPEST) throw new UnstorableValue(path.slice(0, 3), `it is nested deeper than ${DEEPEST} levels`);
  if (value instanceof Date) {
    if (Number.isNaN(value.getTime())) throw new UnstorableValue(path, 'it is an invalid Date');
    return 'rich';
  }
  if (isBinary(value)) {
    if (binaryKind(value) === undefined) throw new UnstorableValue(path, `it is a ${nameOf(value)}`);
    return 'rich';
  }
  ancestors.add(value);
  let richness = kindOf(value, path);
  for (const [key, child] of children(value)) {
    path.push(key);
    if (look(child, journey) === 'rich') richness = 'rich';
    path.pop();
  }
  ancestors.delete(value);
  return richness;
}

const nameOf = (value: object): string => value.constructor?.name || 'unknown class';

function kindOf(value: object, path: readonly (string | number)[]): Richness {
  if (value instanceof Map || value instanceof Set) return 'rich';
  const name = nameOf(value);
  // A class with toJSON (Decimal, URL, Moment) would come back as its JSON form, which its methods are not on.
  if ('toJSON' in value && typeof value.toJSON === 'function')
    throw new UnstorableValue(path, `it is a ${name}, which would come back as something else`);
  if (Array.isArray(value)) return 'plain';
  if (
    Object.prototype.toString.call(value) !== '[object Object]' ||
    ('then' in value && typeof value.then === 'function')
  ) {
    throw new UnstorableValue(path, `it is a ${name}`);
  }
  for (const symbol of Object.getOwnPropertySymbols(value)) {
    if (Object.prototype.propertyIsEnumerable.call(value, symbol))
      throw new UnstorableValue(path, `it has the symbol property ${String(symbol)}`);
  }
  // Read back by JSON.parse and copied by hand it would become the prototype.
  if (Object.hasOwn(value, '__proto__')) throw new UnstorableValue(path, 'it has an own property __proto__');
  return 'plain';
}

function* children(value: object): Iterable<[string | number, unknown]> {
  if (Array.isArray(value)) {
    // by index: holes count as undefined
    for (let index = 0; index < value.length; index++) yield [index, value[index]];
  } else if (value instanceof Map) {
    let index = 0;
    for (const [key, child] of value) {
      yield [`key ${index}`, key];
      yield [`value ${index}`, child];
      index++;
    }
  } else if (value instanceof Set) {
    let index = 0;
    for (const child of value) yield [index++, child];
  } else {
    yield* Object.entries(value);
  }
}

/**
 * A copy for a serializer that knows built-in classes only: instances of other classes become plain objects.
 *
 * @param value one that {@link inspect} accepted
 * @param properties `sorted` to make one text of equal objects
 */
export function flatten(value: unknown, properties: 'as they come' | 'sorted' = 'as they come'): unknown {
  const inner = (child: unknown): unknown => flatten(child, properties);
  if (typeof value !== 'object' || value === null || value instanceof Date || isBinary(value)) return value;
  if (Array.isArray(value)) return Array.from(value, inner);
  if (value instanceof Map) return new Map(Array.from(value, ([key, child]) => [inner(key), inner(child)]));
  if (value instanceof Set) return new Set(Array.from(value, inner));
  const entries = Object.entries(value).map(([key, child]): [string, unknown] => [key, inner(child)]);
  if (properties === 'sorted') entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}
