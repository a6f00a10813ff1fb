import type { LedgerPort } from 'nestjs-tcc';
import { type Faults, NO_FAULTS } from '../world/budget.js';
import type { Parts } from '../world/parts.js';
import type { Scenario } from '../world/scenario.js';

/** The code with one promise broken on purpose. */
export interface Mutant {
  readonly name: string;
  /** The invariant that has to notice, as it is called. */
  readonly breaks: string;
  readonly parts: Partial<Parts>;
  /** Where it shows, and what has to go wrong for that. */
  readonly scenario: Scenario;
}

/** A scenario with just these faults. */
export function having(scenario: Scenario, faults: Partial<Faults> = {}): Scenario {
  const total = Object.values(faults).reduce((sum, times) => sum + times, 0);
  return { ...scenario, faults: { ...NO_FAULTS, ...faults, total } };
}

/** A port with some of its methods replaced. */
export const altered = (port: LedgerPort, methods: Partial<LedgerPort>): LedgerPort =>
  Object.assign(Object.create(port) as LedgerPort, methods);
