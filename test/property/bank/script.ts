import fc from 'fast-check';
import type { TryEnd } from './purse.participants.js';

export type Side = 'north' | 'south';

/** One try or message. Amounts are powers of two, so that what is gone says which of them took effect. */
export interface Call {
  readonly call: 'take' | 'charge' | 'note';
  readonly from: Side;
  readonly end: TryEnd;
  readonly amount: number;
}

export type Step =
  /** One after the other until one throws; inside a joined method they share its fate. `caught`: by the initiator. */
  | {
      readonly do: 'calls';
      readonly calls: readonly Call[];
      readonly how: 'one by one' | 'together' | 'joined' | 'joined, which throws';
      readonly caught: boolean;
    }
  /** Until somebody says so. */
  | { readonly do: 'wait' }
  | { readonly do: 'cancel only' };

/** What an initiator does. */
export interface Script {
  readonly steps: readonly Step[];
  readonly throws: boolean;
  readonly keyed: boolean;
  /** How many of its confirms and cancels fail before one succeeds. */
  readonly failures: number;
}

/** What becomes of a script that nothing disturbs. */
export interface Plan {
  readonly told: 'value' | 'own error';
  readonly confirms: boolean;
  /** What is gone in the end, if it is confirmed. */
  readonly gone: Record<Side, number>;
}

/** The rules of the design, §3 "caught failures", for a script. */
export function planOf({ steps, throws }: Script): Plan {
  const gone = { north: 0, south: 0 };
  let cancelOnly = false;
  for (const step of steps) {
    if (step.do === 'cancel only') cancelOnly = true;
    if (step.do !== 'calls') continue;
    const failing = step.calls.findIndex(({ call, end }) => call !== 'note' && end !== 'returns');
    // the branches of a joined method that throws are to cancel, whatever they answered
    const ends = step.how === 'joined, which throws' || failing >= 0;
    const inVain = step.how.startsWith('joined') && ends;
    const called = failing >= 0 && step.how !== 'together' ? step.calls.slice(0, failing) : step.calls;
    for (const { call, from, end, amount } of called)
      if (!inVain && (call === 'note' || end === 'returns')) gone[from] += amount;
    if (ends && !step.caught) return { told: 'own error', confirms: false, gone };
  }
  if (throws) return { told: 'own error', confirms: false, gone };
  return { told: 'value', confirms: !cancelOnly, gone };
}

const anyEnd = fc.oneof(
  { weight: 5, arbitrary: fc.constant<TryEnd>('returns') },
  { weight: 1, arbitrary: fc.constantFrom<TryEnd>('refuses', 'throws after its work') },
);
const anyCall = fc.record({
  call: fc.constantFrom('take' as const, 'take' as const, 'charge' as const, 'note' as const),
  from: fc.constantFrom<Side>('north', 'south'),
  end: anyEnd,
});
const anyStep = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('calls' as const),
      calls: fc.array(anyCall, { minLength: 1, maxLength: 3 }),
      how: fc.constantFrom('one by one', 'together', 'joined', 'joined, which throws'),
      caught: fc.boolean(),
    }),
  },
  { weight: 3, arbitrary: fc.constant({ do: 'wait' as const }) },
  { weight: 1, arbitrary: fc.constant({ do: 'cancel only' as const }) },
);

const rarely = fc.oneof({ weight: 4, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) });

export const anyScript: fc.Arbitrary<Script> = fc
  .record({
    steps: fc.array(anyStep, { minLength: 1, maxLength: 4 }),
    throws: rarely,
    keyed: rarely,
    failures: fc.constantFrom(0, 0, 0, 1, 2),
  })
  .map((script) => {
    let calls = 0;
    const steps = script.steps.map((step) =>
      step.do === 'calls' ? { ...step, calls: step.calls.map((call) => ({ ...call, amount: 2 ** calls++ })) } : step,
    );
    return { ...script, steps };
  });

/** For counterexamples. */
export function scriptText({ steps, throws, keyed, failures }: Script): string {
  const texts = steps.map((step) => {
    if (step.do !== 'calls') return step.do;
    const calls = step.calls.map(({ call, from, end }) => `${call} ${from}${end === 'returns' ? '' : ` ${end}`}`);
    return `${step.how}(${calls.join(', ')})${step.caught ? ' caught' : ''}`;
  });
  const marks = [...(keyed ? ['keyed'] : []), ...(failures > 0 ? [`${failures} failures`] : [])];
  return [...marks, ...texts, throws ? 'throw' : 'return'].join('; ');
}
