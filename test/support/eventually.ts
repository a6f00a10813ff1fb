import { setTimeout as pause } from 'node:timers/promises';

/** Runs `check` until it passes; its last failure after that time. For what another process or a background loop does. */
export async function eventually<T>(check: () => Promise<T> | T, withinMs = 10_000): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() >= end) throw error;
      await pause(20);
    }
  }
}
