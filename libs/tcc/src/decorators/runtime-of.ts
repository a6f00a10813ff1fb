import { Inject, Optional } from '@nestjs/common';
import { RuntimeNotFoundError } from '../errors/runtime-not-found.error.js';
import type { TccRuntime } from '../participant/tcc-runtime.js';
import { liveRuntimes } from '../participant/live-runtimes.js';
import { TCC_RUNTIME } from '../tcc.constants.js';

/** A symbol, so that `JSON.stringify`, class-transformer and spies do not see it. */
const INJECTED = Symbol.for('nestjs-tcc:injected-runtime');

/**
 * Makes Nest put the module's runtime on every object it constructs of this class. Property injection knows which
 * application an object belongs to; a static registry would hand the runtime of the application that started last to
 * both when two run in one process.
 */
export function injectRuntime(prototype: object): void {
  if (Object.hasOwn(prototype, INJECTED)) return;
  Object.defineProperty(prototype, INJECTED, {
    value: undefined,
    writable: true,
    configurable: true,
    enumerable: false,
  });
  Inject(TCC_RUNTIME)(prototype, INJECTED);
  // without a TccModule the object is constructed all the same, and the call says what is missing
  Optional()(prototype, INJECTED);
}

/**
 * The runtime of the application that an object belongs to. Objects that Nest did not construct (`useFactory`,
 * `useValue`, `new`) have none injected: for them the only live one counts.
 *
 * @throws RuntimeNotFoundError when there is none, or more than one
 */
export function runtimeOf(self: unknown, label: string): TccRuntime {
  const injected = (self as { [INJECTED]?: TccRuntime } | undefined)?.[INJECTED];
  if (injected) return injected;
  const live = liveRuntimes();
  const [only] = live;
  if (live.size !== 1 || !only) throw new RuntimeNotFoundError(label, live.size);
  return only;
}
