import { type BarrierRuling, ruleOn } from 'nestjs-tcc';
import { fenceOnly, initiatorThrows, sequentialTries } from '../scenarios.js';
import { having, type Mutant } from './mutant.js';

/** Rules as it should but for one cell. */
const ruling =
  (change: (ruled: BarrierRuling, ...args: Parameters<typeof ruleOn>) => BarrierRuling): typeof ruleOn =>
  (...args) =>
    change(ruleOn(...args), ...args);

/** The barrier rules wrongly. */
export const BARRIER_MUTANTS: readonly Mutant[] = [
  {
    name: 'a phase that was done is run again',
    breaks: '5 effective once',
    scenario: having(sequentialTries, { duplicates: 1 }),
    parts: { rule: ruling((ruled) => (ruled === 'already' ? 'run' : ruled)) },
  },
  {
    name: 'a late try is answered with success',
    breaks: '6 the fence',
    scenario: having(initiatorThrows, { duplicates: 1 }),
    parts: { rule: ruling((ruled) => (ruled === 'late-try' ? 'already' : ruled)) },
  },
  {
    name: 'a late try runs',
    breaks: '6 the fence',
    scenario: having(initiatorThrows, { duplicates: 1 }),
    parts: { rule: ruling((ruled) => (ruled === 'late-try' ? 'run' : ruled)) },
  },
  {
    name: 'a repeated try is answered with success',
    breaks: '6 the fence',
    scenario: having(sequentialTries, { duplicates: 1 }),
    parts: { rule: ruling((ruled) => (ruled === 'repeated-try' ? 'already' : ruled)) },
  },
  {
    name: 'an empty cancel leaves no row',
    breaks: '6 the fence',
    scenario: fenceOnly,
    parts: { keeps: (status) => status !== 'suspended' },
  },
  {
    name: 'a cancel runs after its confirm',
    breaks: '6 the fence',
    scenario: fenceOnly,
    parts: { rule: ruling((ruled, phase) => (ruled === 'refuse' && phase === 'cancel' ? 'run' : ruled)) },
  },
  {
    name: 'a confirm without try is answered with success',
    breaks: '6 the fence',
    scenario: fenceOnly,
    parts: {
      rule: ruling((ruled, phase, _, { found }) =>
        phase === 'confirm' && ruled === 'refuse' && !found ? 'already' : ruled,
      ),
    },
  },
];
