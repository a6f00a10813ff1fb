import type { DiscoveryService } from '@nestjs/core';

/** Nest's record of one provider or controller. */
export type Wrapper = ReturnType<DiscoveryService['getProviders']>[number];

/** Not `scope === REQUEST`: a provider with one scoped dependency has a static instance with undefined in its fields. */
export const isStatic = (wrapper: Wrapper): boolean => wrapper.isDependencyTreeStatic() && !wrapper.isTransient;

/** Prototype of the class that a wrapper provides; undefined for aliases, and for what has no class before it is asked for. */
export function prototypeOf(wrapper: Wrapper): object | undefined {
  // useExisting: the same object under a second name
  if (wrapper.isAlias) return undefined;
  if (isStatic(wrapper)) {
    const instance: unknown = wrapper.instance;
    return typeof instance === 'object' && instance !== null
      ? ((Object.getPrototypeOf(instance) as object | null) ?? undefined)
      : undefined;
  }
  // a scoped factory has no class before it has run
  const { metatype } = wrapper;
  return typeof metatype === 'function' && !wrapper.inject ? (metatype.prototype as object) : undefined;
}

/** A factory or value that hands out an object which is provided already. */
export function isSecondName(wrapper: Wrapper, instances: Set<object>): boolean {
  if (!isStatic(wrapper)) return false;
  const instance = wrapper.instance as object;
  if (instances.has(instance)) return true;
  instances.add(instance);
  return false;
}

/** Name of the module that provides it. */
export const hostOf = (wrapper: Wrapper): string =>
  (wrapper.host as { name?: string } | undefined)?.name ?? 'an unnamed module';
