import { FAULT_POINTS, type FaultPoint } from 'nestjs-tcc';
import { SCENARIOS, type Scenario, type ScenarioName } from './scenarios.js';
import type { Halt, Step, WaveApp, WaveRow } from './wave-plan.js';

/** Those that one application passes. Where it answers another one: test/e2e/killed-participant.spec.ts. */
export const POINTS_HERE: readonly FaultPoint[] = FAULT_POINTS.filter((point) => !point.startsWith('answer.'));

/** Every scenario in turn. */
export const SCENARIO_NAMES = Object.keys(SCENARIOS) as ScenarioName[];

const LAST_TRY: Step = { point: 'barrier.try.committed', branch: 'south.withdraw', nth: 1 };

/** Transactions that recovery finds: what their initiator was at, and where it died. */
export const ORPHANS: readonly { readonly scenario: ScenarioName; readonly diedAt: Halt }[] = [
  { scenario: 'confirms', diedAt: LAST_TRY },
  { scenario: 'confirms every kind', diedAt: LAST_TRY },
  ...SCENARIO_NAMES.filter((name) => name !== 'second refuses' && name !== 'confirms in the background').map(
    (scenario) => ({ scenario, diedAt: 'decided' as const }),
  ),
];

/** What belongs to driving, and so happens in recovery too. */
export const isOfDriving = (point: FaultPoint): boolean =>
  !/\.try\.|^ledger\.(begin|register|decide)\.|^initiator\./.test(point);

/** The steps of a scenario that are worth a death: of what repeats, the first two times. */
export function stepsToDieAt(scenario: ScenarioName, steps: readonly Step[], who: 'initiator' | 'recovery'): Step[] {
  const own: Partial<Record<ScenarioName, RegExp>> = {
    // of these only what the others do not have, and where they could differ
    keyed: /^ledger\.|\.committed$|^initiator\./,
    'confirms in the background': /^ledger\.(decide|settle)\.|\.confirm\.(opening|committed)$|^initiator\./,
    'gives up what a joined method did': /swift|^ledger\.(decide|claim|settle)\.|\.confirm\.opening$/,
    'confirms slowly': /^ledger\.renew\./,
    'is shut down while confirming': /^ledger\.release\./,
  };
  return steps.filter(({ point, nth }) => {
    // an idle instance claims, too
    if (point === 'ledger.claim.sending' && (who === 'initiator' || nth > 1)) return false;
    // whether the third party's time limit is over by the first drive depends on how long the dead have been dead
    const again = /^ledger\.(claim|hand-back)\./.test(point) && (nth > 1 || point.includes('hand-back'));
    if (scenario === 'confirms every kind' && who === 'recovery' && again) return false;
    return nth <= 2 && (own[scenario]?.test(point) ?? true);
  });
}

/** How the initiators of a scenario are set up. */
export const asInitiator = ({ options }: Scenario): WaveApp['options'] => options;

/** Initiators that only make work for recovery. */
export const asOrphan = (scenario: Scenario): WaveApp['options'] => ({ ...asInitiator(scenario), recovery: false });

/** How recovering instances are set up. */
export const asRecovery = (scenario: Scenario): WaveApp['options'] => ({
  ...asInitiator(scenario),
  recovery: { poll: '20ms' },
  retry: { initial: '20ms', cap: '100ms' },
});

/** As an operator would name it. */
export const nameOf = ({ scenario, at }: WaveRow): string =>
  at === undefined || at === 'decided'
    ? `${scenario}, dead when decided`
    : `${scenario}, dead at ${at.point}${at.branch === undefined ? '' : ` of ${at.branch}`} #${at.nth}`;
