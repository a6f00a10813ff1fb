import { Logger } from '@nestjs/common';
import type { Exploration } from './explorer/explore.js';
import { DEEP_SCENARIOS, QUICK_SCENARIOS, SCENARIOS } from './scenarios.js';
import { describeFound, exploreScenario } from './world/explore-scenario.js';
import type { Scenario } from './world/scenario.js';

/**
 * `MODEL_BUDGET`: `full` explores every scenario, `deep` two faults of any kind; by default those that take seconds.
 * `MODEL_ORDER=exact` prunes less, see `TccWorld`.
 */
const budget = process.env['MODEL_BUDGET'];
const deep = budget === 'deep';
const inOrder = process.env['MODEL_ORDER'] === 'exact';
const scenarios = deep ? DEEP_SCENARIOS : budget === 'full' ? SCENARIOS : QUICK_SCENARIOS;
/** Per scenario: far more than the small ones take. */
const LIMIT_MS = deep ? 2 * 3_600_000 : 120_000;

const lines: string[] = [];
const seen = new Set<string>();

beforeAll(() => Logger.overrideLogger(false));

afterAll(() => {
  process.stdout.write(['states transitions runs ends seconds', ...lines, ''].join('\n'));
});

describe('every interleaving keeps every promise', () => {
  it.each(scenarios.map((scenario) => [scenario.name, scenario] as const))(
    '%s',
    async (_, scenario) => {
      const exploration = await exploreScenario(scenario, { limitMs: LIMIT_MS, inOrder, seen });
      lines.push(line(scenario, exploration));

      expect(describeFound(exploration)).toBe('');
      expect(exploration.complete).toBe(true);
      expect(exploration.ends).toBeGreaterThan(0);
    },
    LIMIT_MS + 60_000,
  );

  // the quick ones do not come to all of them
  if (budget !== undefined) {
    it('and the explorations came to the difficult places', () => {
      expect([...seen]).toEqual(expect.arrayContaining(DIFFICULT_PLACES));
    });
  }
});

const DIFFICULT_PLACES = [
  ...['done', 'Error', 'TCC_IN_DOUBT', 'TCC_IN_PROGRESS', 'TCC_LEDGER_UNAVAILABLE', 'TCC_TIMED_OUT'].map(
    (code) => `caller: ${code}`,
  ),
  ...['ran', 'TCC_LATE_TRY', 'TCC_REPEATED_TRY'].map((answer) => `try: ${answer}`),
  ...['ran', 'already', 'TCC_BARRIER_BUSY', 'TCC_BARRIER_REFUSED'].map((answer) => `confirm: ${answer}`),
  ...['ran', 'already', 'empty', 'TCC_BARRIER_REFUSED'].map((answer) => `cancel: ${answer}`),
  ...['begin', 'register', 'settle', 'handBack', 'renew'].flatMap((write) => [`${write}: done`, `${write}: refused`]),
  ...['done', 'done, another drives', 'refused, trying', 'refused, cancelling', 'refused, cancelled'].map(
    (answer) => `confirming: ${answer}`,
  ),
  ...['done', 'done, another drives', 'refused, undefined'].map((answer) => `cancelling: ${answer}`),
  'claim: done',
  'claim: nothing',
  'ledger: took effect when nobody waited any more',
];

function line({ name }: Scenario, { states, transitions, runs, ends, durationMs }: Exploration): string {
  const figures = [states, transitions, runs, ends, (durationMs / 1_000).toFixed(1)];
  return `${figures.map((figure) => String(figure).padStart(7)).join(' ')}  ${name}`;
}
