import { getParticipantToken } from './participant-token.js';

/** Asked for by Nest at boot, by `await`, and by whatever prints a value: none of it is a method of a participant. */
const NOT_METHODS = new Set([
  'then',
  'catch',
  'finally',
  'constructor',
  'toString',
  'valueOf',
  'toJSON',
  'inspect',
  'length',
  'name',
  'onModuleInit',
  'onApplicationBootstrap',
  'onModuleDestroy',
  'beforeApplicationShutdown',
  'onApplicationShutdown',
  'asymmetricMatch',
  'nodeType',
  'tagName',
  '$$typeof',
  '__esModule',
  '__proto__',
  'prototype',
]);

type Method = (...args: unknown[]) => unknown;

const proxies = new WeakSet();

/** Whether a test has put nothing else in its place. */
export const isParticipantProxy = (value: object): boolean => proxies.has(value);

/** What `@InjectParticipant()` injects: every call asks anew where the participant is. */
export function participantProxy(name: string, call: (method: string, args: readonly unknown[]) => unknown): object {
  const methods = new Map<string, Method>();
  const target = Object.freeze({ [Symbol.toStringTag]: getParticipantToken(name) });
  const proxy = new Proxy(target, {
    get(_target, key) {
      if (key === Symbol.toStringTag) return target[Symbol.toStringTag];
      if (typeof key !== 'string' || NOT_METHODS.has(key)) return undefined;
      let method = methods.get(key);
      if (!method) {
        method = (...args) => call(key, args);
        methods.set(key, method);
      }
      return method;
    },
  });
  proxies.add(proxy);
  return proxy;
}
