import { runInThisContext } from 'node:vm';

// Jest's tests see a copy of it, on which nothing is ever emitted.
const realProcess = runInThisContext('process') as NodeJS.Process;

/** Rejections that nobody handles; each would end the process. What else listens to them hears nothing until the stop. */
export function hearUnhandled(): { readonly heard: readonly unknown[]; readonly stop: () => void } {
  const heard: unknown[] = [];
  const hear = (reason: unknown) => void heard.push(reason);
  const others = realProcess.listeners('unhandledRejection');
  realProcess.removeAllListeners('unhandledRejection');
  realProcess.on('unhandledRejection', hear);
  const stop = (): void => {
    realProcess.off('unhandledRejection', hear);
    for (const other of others) realProcess.on('unhandledRejection', other);
  };
  return { heard, stop };
}
