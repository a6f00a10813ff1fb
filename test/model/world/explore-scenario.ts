import { withVirtualGlobals } from '../engine/virtual-globals.js';
import { explore, type Exploration } from '../explorer/explore.js';
import { shorten } from '../explorer/shorten.js';
import { INVARIANTS } from '../invariants/index.js';
import { witness } from '../invariants/witness.js';
import { type Parts, REAL_PARTS } from './parts.js';
import type { Scenario } from './scenario.js';
import { TccWorld } from './tcc-world.js';

/** How a scenario is explored. */
export interface ExploreOptions {
  /** What the instances are made of besides the real parts. */
  readonly parts?: Partial<Parts>;
  /** In milliseconds. */
  readonly limitMs?: number;
  /** Tells states apart by the order in which a process heard of different branches. */
  readonly inOrder?: boolean | undefined;
  /** Gets what happened, see `witness`. */
  readonly seen?: Set<string>;
}

/** Explores a scenario, and makes the way to what it found as short as it gets. */
export function exploreScenario(scenario: Scenario, options: ExploreOptions = {}): Promise<Exploration> {
  const { parts = {}, limitMs, inOrder, seen } = options;
  const invariants = seen === undefined ? INVARIANTS : [...INVARIANTS, witness(seen)];
  const fresh = (): Promise<TccWorld> => TccWorld.start(scenario, { ...REAL_PARTS, ...parts }, invariants, inOrder);
  return withVirtualGlobals(async () => {
    const exploration = await explore(fresh, limitMs);
    const { found } = exploration;
    return found === undefined
      ? exploration
      : { ...exploration, found: { ...found, trace: await shorten(found, fresh) } };
  });
}

/** What was found, for whoever has to repair it. */
export const describeFound = ({ found }: Exploration): string =>
  found === undefined
    ? ''
    : [...found.all.map(({ invariant, what }) => `${invariant}: ${what}`), ...found.trace].join('\n  ');
