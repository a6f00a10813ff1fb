import { defineParticipant, defineTry, type ParticipantDefinition, type Phase } from 'nestjs-tcc';
import { currentContext } from '../../../libs/tcc/src/context/execution-context.js';
import { type BranchExecution, idempotencyKeyOf } from '../../../libs/tcc/src/context/branch-execution.js';
import type { Delivery } from './delivery.js';
import type { ThirdParty } from './third-party.js';
import type { Effect } from './wallet.js';

/** Every branch moves the same. */
export const AMOUNT = 10;

/** How long a try of the third party may be under way. */
export const API_LIMIT_MS = 500;

/** What the business code of a phase does: nothing but to move money, in the local transaction of its branch. */
export function effectOf(participant: string, phase: Phase, branch: EffectiveBranch, amount: number): Effect {
  return { wallet: participant, phase, key: idempotencyKeyOf(branch), amount, kind: branch.kind };
}

type EffectiveBranch = Pick<BranchExecution, 'xid' | 'seq' | 'kind'>;

function move(participant: string, phase: Phase, amount: number): void {
  const { branch } = currentContext();
  if (branch?.local === undefined) throw new Error(`${phase} of ${participant} runs outside a branch`);
  (branch.local.manager as Delivery).effects.push(effectOf(participant, phase, branch, amount));
}

const wallet = (name: string, options: { effects?: 'database' } = {}) =>
  defineParticipant(name, options, {
    pay: defineTry({
      try: (amount: number) => {
        move(name, 'try', amount);
        return Promise.resolve(amount);
      },
      confirm: (amount: number) => move(name, 'confirm', amount),
      cancel: (amount: number) => move(name, 'cancel', amount),
    }),
    refuse: defineTry({
      try: (_amount: number): Promise<number> => Promise.reject(new Error(`${name} refuses`)),
      confirm: (amount: number) => move(name, 'confirm', amount),
      cancel: (amount: number) => move(name, 'cancel', amount),
    }),
  });

let api: ThirdParty | undefined;

/** Makes this the third party that is called from now on. */
export function useThirdParty(current: ThirdParty): void {
  api = current;
}

function callApi(phase: Phase, amount: number): Promise<void> {
  const { branch } = currentContext();
  if (branch === undefined || api === undefined) throw new Error(`${phase} of the third party runs outside a branch`);
  return api.call(effectOf('gateway', phase, branch, amount), API_LIMIT_MS);
}

/** The participants of every scenario. */
export const PARTICIPANTS = {
  alice: wallet('alice'),
  bob: wallet('bob'),
  /** Its tries touch nothing but its database, so they may overlap with their registration. */
  carol: wallet('carol', { effects: 'database' }),
  courier: defineParticipant(
    'courier',
    {},
    { send: { message: (amount: number) => move('courier', 'confirm', amount) } },
  ),
  gateway: defineParticipant(
    'gateway',
    { dataSource: false },
    {
      pay: defineTry({
        try: async (amount: number) => {
          await callApi('try', amount);
          return amount;
        },
        confirm: (amount: number) => callApi('confirm', amount),
        cancel: (amount: number) => callApi('cancel', amount),
        timeLimit: API_LIMIT_MS,
      }),
    },
  ),
} satisfies Record<string, ParticipantDefinition>;

export type Participants = typeof PARTICIPANTS;
