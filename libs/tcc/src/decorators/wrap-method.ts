import 'reflect-metadata';
import { recordMistake } from '../participant/metadata.js';

/** A method before it is wrapped. */
export type Method = (this: unknown, ...args: unknown[]) => unknown;

/** What the wrapper is given at each call. */
export interface WrappedCall {
  readonly self: object;
  readonly args: unknown[];
  readonly original: Method;
}

/**
 * Puts a `Proxy` around a method: name, length, own properties and Reflect metadata stay, so that other decorators on
 * the same method work above and below this one.
 *
 * @returns the wrapped method, or undefined when there is no method (a getter, a field): the mistake is reported at boot
 */
export function wrapMethod(
  target: object,
  key: PropertyKey,
  descriptor: PropertyDescriptor | undefined,
  decorator: string,
  call: (call: WrappedCall) => unknown,
): Method | undefined {
  const original: unknown = descriptor?.value;
  const isStatic = typeof target === 'function';
  if (!descriptor || typeof original !== 'function' || isStatic) {
    recordMistake(target, {
      class: isStatic ? target.name : target.constructor.name,
      method: String(key),
      problem: `${decorator} stands on ${isStatic ? 'a static method' : 'something that is no method'}`,
      remedy: 'Put it on a method of the class',
    });
    return undefined;
  }
  const method = original as Method;
  const wrapped = new Proxy(method, {
    apply: (_target, self: object, args: unknown[]) => call({ self, args, original: method }),
  });
  for (const metadataKey of Reflect.getMetadataKeys(method) as unknown[]) {
    Reflect.defineMetadata(metadataKey, Reflect.getMetadata(metadataKey, method), wrapped);
  }
  descriptor.value = wrapped;
  return method;
}

/** `Class.method`, from the class the object really has. */
export const labelOf = (self: unknown, target: object, key: PropertyKey): string =>
  `${(self as object | undefined)?.constructor?.name ?? target.constructor.name}.${String(key)}`;
