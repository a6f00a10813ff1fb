import type { TccRuntime } from './tcc-runtime.js';

const KEY = Symbol.for('nestjs-tcc:live-runtimes');
const shared = globalThis as { [KEY]?: Set<TccRuntime> };

/** The running modules of this process, of all copies of the library. */
export const liveRuntimes = (): Set<TccRuntime> => (shared[KEY] ??= new Set());
