import type { FoundViolation } from './explore.js';
import type { World } from './world.js';

/** Leaves out of a trace whatever the violation happens without, one event at a time, until nothing more can go. */
export async function shorten(found: FoundViolation, fresh: () => Promise<World>): Promise<readonly string[]> {
  let trace = found.trace;
  for (let shorter = true; shorter;) {
    shorter = false;
    for (let index = trace.length - 1; index >= 0; index--) {
      const without = await replay(trace.toSpliced(index, 1), found, fresh);
      if (without === undefined || without.length >= trace.length) continue;
      trace = without;
      shorter = true;
    }
  }
  return trace;
}

/** @returns the events that took place, when they end in the same violation */
async function replay(
  trace: readonly string[],
  { invariant, atEnd }: FoundViolation,
  fresh: () => Promise<World>,
): Promise<readonly string[] | undefined> {
  const world = await fresh();
  const happened: string[] = [];
  const isBroken = (): boolean => world.violations.some((violation) => violation.invariant === invariant);
  for (const label of trace) {
    if (!world.enabled().includes(label)) continue;
    await world.perform(label);
    happened.push(label);
    if (isBroken()) return happened;
  }
  if (!atEnd || !world.isEnd) return undefined;
  await world.finish();
  return isBroken() ? happened : undefined;
}
