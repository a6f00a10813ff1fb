import type { FaultPoint, TccModuleOptions } from 'nestjs-tcc';
import type { BankApp } from '../bank/bank-app.js';
import type { ProcessPlan } from './process-plan.js';

/** What is taken from each bank, by every scenario. */
export const AMOUNT = 10;

/** One way in which a transaction can go, and at which steps on it a process may die. */
export interface Scenario {
  /** Balance in the south before; less than {@link AMOUNT}: its try refuses. In the north it is 100. */
  readonly south: number;
  readonly options: Partial<TccModuleOptions>;
  readonly behaviour?: ProcessPlan['behaviour'];
  /** A first process dies at this step, the one that recovers from it is the process that the row is about. */
  readonly orphanedAt?: string;
  /** Which occurrences of which steps are sure to come. */
  readonly reaches: Partial<Record<FaultPoint, readonly number[]>>;
  /** What the caller of the initiator gets. */
  run(bank: BankApp, owner: string): Promise<unknown>;
}

const once = [1] as const;
const twice = [1, 2] as const;

const LEDGER_WRITES = {
  'ledger.begin.sending': once,
  'ledger.begin.done': once,
  'ledger.register.sending': once,
  'ledger.register.done': once,
  'ledger.decide.sending': once,
  'ledger.decide.done': once,
  'ledger.settle.sending': once,
  'ledger.settle.done': once,
} as const;

const atEachStepOf = <P extends 'try' | 'confirm' | 'cancel'>(
  phase: P,
  occurrences: readonly number[],
): Partial<Record<FaultPoint, readonly number[]>> => ({
  [`barrier.${phase}.opened`]: occurrences,
  [`barrier.${phase}.committing`]: occurrences,
  [`barrier.${phase}.committed`]: occurrences,
});

/** Settled by the instance that began it. */
const ALONE = { timeout: '3s', recovery: false } as const;
/** Driven on by the recovery of its own process. */
const RECOVERING = { timeout: '3s', recovery: { poll: '20ms' }, retry: { initial: '20ms', cap: '100ms' } } as const;

const take = (bank: BankApp, owner: string): Promise<unknown> => bank.transfers.take(owner, AMOUNT);
const changeMind = (bank: BankApp, owner: string): Promise<unknown> =>
  bank.tcc.run({ name: 'changed-mind' }, async () => {
    await bank.transfers.north.withdraw(owner, AMOUNT);
    await bank.transfers.south.withdraw(owner, AMOUNT);
    throw new Error('changed its mind');
  });

/** The ways, by name. */
export const SCENARIOS = {
  confirms: {
    south: 100,
    options: ALONE,
    reaches: { ...LEDGER_WRITES, ...atEachStepOf('try', twice), ...atEachStepOf('confirm', twice) },
    run: take,
  },
  cancels: {
    south: 100,
    options: ALONE,
    reaches: { ...LEDGER_WRITES, ...atEachStepOf('try', twice), ...atEachStepOf('cancel', twice) },
    run: changeMind,
  },
  keyed: {
    south: 100,
    options: ALONE,
    reaches: {
      'ledger.begin.sending': once,
      'ledger.begin.done': once,
      'ledger.decide.sending': once,
      'ledger.decide.done': once,
      'ledger.settle.done': once,
      'barrier.try.committed': once,
      'barrier.confirm.committed': once,
    },
    run: (bank: BankApp, owner: string) => bank.transfers.takeOnce(owner, owner, AMOUNT),
  },
  'second refuses': {
    south: AMOUNT - 1,
    options: ALONE,
    reaches: {
      'ledger.decide.sending': once,
      'ledger.decide.done': once,
      'barrier.try.opened': [2],
      // the second one is empty: its try took no effect
      ...atEachStepOf('cancel', twice),
    },
    run: take,
  },
  'confirms at a later attempt': {
    south: 100,
    options: RECOVERING,
    behaviour: { confirm: { failures: 4 } },
    reaches: {
      'ledger.hand-back.sending': twice,
      'ledger.hand-back.done': twice,
      'ledger.claim.done': twice,
      'barrier.confirm.opened': [3],
      'barrier.confirm.committing': once,
      'barrier.confirm.committed': once,
    },
    run: take,
  },
  'cancels at a later attempt': {
    south: 100,
    options: RECOVERING,
    behaviour: { cancel: { failures: 4 } },
    reaches: {
      'ledger.hand-back.sending': once,
      'ledger.hand-back.done': once,
      'ledger.claim.done': once,
      'barrier.cancel.opened': [3],
      'barrier.cancel.committing': once,
      'barrier.cancel.committed': once,
    },
    run: changeMind,
  },
  'confirms slowly': {
    south: 100,
    options: { ...ALONE, lease: '300ms' },
    behaviour: { confirm: 'hang' },
    reaches: { 'ledger.renew.done': twice },
    run: take,
  },
  'is shut down while confirming': {
    south: 100,
    options: { ...ALONE, drain: '50ms', phaseTwo: 'background' },
    behaviour: { confirm: 'hang' },
    reaches: { 'ledger.release.done': once },
    run: async (bank: BankApp, owner: string) => {
      const value = await take(bank, owner);
      void bank.close();
      return value;
    },
  },
  'orphaned while trying': {
    south: 100,
    options: { ...RECOVERING, timeout: '1500ms', lease: '1s' },
    orphanedAt: 'barrier.try.committed@2:crash',
    reaches: {
      'ledger.claim.done': once,
      'barrier.cancel.opened': once,
      'barrier.cancel.committed': twice,
      'ledger.settle.done': once,
    },
    run: take,
  },
  'orphaned while confirming': {
    south: 100,
    options: { ...RECOVERING, lease: '1s' },
    orphanedAt: 'ledger.decide.done:crash',
    reaches: {
      'ledger.claim.done': once,
      'barrier.confirm.opened': once,
      'barrier.confirm.committed': twice,
      'ledger.settle.sending': once,
    },
    run: take,
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
