import { VirtualTime, type VirtualTimer } from './virtual-time.js';

let current = new VirtualTime();

/** Makes this the clock that the code under test sees from now on. */
export function useTime(time: VirtualTime): void {
  current = time;
}

/** Some moment, so that dates look like dates. */
const EPOCH = Date.UTC(2026, 0, 1);

const VIRTUAL = {
  setTimeout: (call: () => void, ms = 0) => handle(current.set(call, ms)),
  setInterval: (call: () => void, ms = 0) => handle(current.set(call, ms, ms)),
  clearTimeout: (timer?: { readonly timer: VirtualTimer }) => timer && current.clear(timer.timer),
  clearInterval: (timer?: { readonly timer: VirtualTimer }) => timer && current.clear(timer.timer),
  setImmediate: (call: () => void) => {
    current.soon(call);
    return {};
  },
  performance: { now: () => current.now },
};

const handle = (timer: VirtualTimer): object => {
  const self = { timer, unref: () => self, ref: () => self };
  return self;
};

/**
 * Runs `work` with clocks, timers and chance under control: whatever the libraries ask the platform for is answered by
 * the model.
 */
export async function withVirtualGlobals<T>(work: () => Promise<T>): Promise<T> {
  const restore = Object.entries(VIRTUAL).map(([name, value]) => replace(globalThis, name, value));
  restore.push(replace(Date, 'now', () => EPOCH + current.now));
  restore.push(replace(Math, 'random', () => 0.5));
  try {
    return await work();
  } finally {
    for (const undo of restore) undo();
  }
}

function replace(target: object, name: string, value: unknown): () => void {
  const before = Object.getOwnPropertyDescriptor(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => {
    if (before) Object.defineProperty(target, name, before);
  };
}
