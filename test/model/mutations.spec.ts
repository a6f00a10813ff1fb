import { Logger } from '@nestjs/common';
import { INVARIANTS } from './invariants/index.js';
import { BARRIER_MUTANTS } from './mutants/barrier.mutants.js';
import { COORDINATOR_MUTANTS } from './mutants/coordinator.mutants.js';
import { DRIVER_MUTANTS } from './mutants/driver.mutants.js';
import { LEDGER_MUTANTS } from './mutants/ledger.mutants.js';
import type { Mutant } from './mutants/mutant.js';
import { describeFound, exploreScenario } from './world/explore-scenario.js';

const MUTANTS: readonly Mutant[] = [...LEDGER_MUTANTS, ...COORDINATOR_MUTANTS, ...DRIVER_MUTANTS, ...BARRIER_MUTANTS];
const LIMIT_MS = 120_000;
/** `MODEL_TRACES=1` tells how each mutant was found. */
const tells = process.env['MODEL_TRACES'] !== undefined;

beforeAll(() => Logger.overrideLogger(false));

describe('each promise broken on purpose is noticed', () => {
  it.each(MUTANTS.map((mutant) => [mutant.name, mutant] as const))(
    '%s',
    async (name, { breaks, parts, scenario }) => {
      const exploration = await exploreScenario(scenario, { parts, limitMs: LIMIT_MS });
      if (tells) process.stdout.write(`${name} (${exploration.states} states)\n  ${describeFound(exploration)}\n`);

      expect(exploration.found?.all.map(({ invariant }) => invariant)).toContain(breaks);
    },
    LIMIT_MS + 60_000,
  );

  it('there is a mutant for each invariant that the design names', () => {
    const named = INVARIANTS.map(({ name }) => name).filter((name) => /^\d/.test(name));
    expect(new Set(MUTANTS.map(({ breaks }) => breaks))).toEqual(new Set(named));
  });
});
