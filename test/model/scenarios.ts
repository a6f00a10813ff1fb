import type { BarrierCall } from 'nestjs-tcc';
import { type Faults, NO_FAULTS } from './world/budget.js';
import { AMOUNT } from './world/participants.js';
import type { Bench, Scenario } from './world/scenario.js';

/** One thing goes wrong, of any kind, at any moment. */
const ANY: Faults = { crashes: 2, losses: 2, hangs: 1, duplicates: 2, stalls: 0, total: 1 };

const one = (name: string, run: (bench: Bench) => Promise<unknown>, more: Partial<Scenario> = {}): Scenario => ({
  name,
  requests: [{ instance: 'A', run }],
  recovering: ['B'],
  faults: ANY,
  horizonMs: 8_000,
  branches: 2,
  ...more,
});

export const sequentialTries = one('two tries, one after the other', ({ tcc, transaction, alice, bob }) =>
  transaction(async () => {
    await tcc.branch(alice, 'pay', AMOUNT);
    await tcc.branch(bob, 'pay', AMOUNT);
    return 'done';
  }),
);

export const singleTry = one('one try', ({ tcc, transaction, alice }) =>
  transaction(async () => {
    await tcc.branch(alice, 'pay', AMOUNT);
    return 'done';
  }),
);

export const parallelTries = one('two tries at once', ({ tcc, transaction, alice, bob }) =>
  transaction(async () => {
    await Promise.all([tcc.branch(alice, 'pay', AMOUNT), tcc.branch(bob, 'pay', AMOUNT)]);
    return 'done';
  }),
);

export const overlap = one(
  "a try that overlaps with its registration (effects: 'database')",
  ({ tcc, transaction, alice, carol }) =>
    transaction(async () => {
      await tcc.branch(alice, 'pay', AMOUNT);
      await tcc.branch(carol, 'pay', AMOUNT);
      return 'done';
    }),
);

export const initiatorThrows = one('the initiator throws', ({ tcc, transaction, alice, bob }) =>
  transaction(async () => {
    await Promise.all([tcc.branch(alice, 'pay', AMOUNT), tcc.branch(bob, 'pay', AMOUNT)]);
    throw new Error('changed its mind');
  }),
);

export const caughtFailure = one(
  'a try throws and the initiator goes on without it',
  ({ tcc, transaction, alice, bob }) =>
    transaction(async () => {
      await tcc.branch(alice, 'pay', AMOUNT);
      await tcc.branch(bob, 'refuse', AMOUNT).catch(() => undefined);
      return 'done';
    }),
);

export const anyFailureCaught = one('every failure of a try is caught', ({ tcc, transaction, alice, bob }) =>
  transaction(async () => {
    await tcc.branch(alice, 'pay', AMOUNT).catch(() => undefined);
    await tcc.branch(bob, 'pay', AMOUNT).catch(() => undefined);
    return 'done';
  }),
);

export const message = one('a try and a message', ({ tcc, transaction, alice, courier }) =>
  transaction(async () => {
    await tcc.branch(alice, 'pay', AMOUNT);
    await tcc.branch(courier, 'send', AMOUNT);
    return 'done';
  }),
);

export const slowInitiator = one(
  'the deadline passes while the initiator waits',
  ({ tcc, transaction, alice, bob, pause }) =>
    transaction(async () => {
      await tcc.branch(alice, 'pay', AMOUNT);
      await pause(1_500);
      await tcc.branch(bob, 'pay', AMOUNT);
      return 'done';
    }),
);

export const thirdParty = one('a third party without barrier', ({ tcc, transaction, gateway, alice, pause }) =>
  transaction(async () => {
    // so that a try may still be under way at the deadline
    await pause(800);
    await tcc.branch(gateway, 'pay', AMOUNT).catch(() => undefined);
    await tcc.branch(alice, 'pay', AMOUNT);
    return 'done';
  }),
);

export const unawaited = one('tries that nobody awaits', async ({ tcc, transaction, alice, bob, step, beyond }) => {
  let late: Promise<void> | undefined;
  const value = await transaction(async () => {
    await tcc.branch(alice, 'pay', AMOUNT);
    tcc.branch(bob, 'pay', AMOUNT).catch(() => undefined);
    late = step('later').then(() => beyond('TCC_TRANSACTION_CLOSED', tcc.branch(bob, 'pay', AMOUNT)));
    return 'done';
  });
  await beyond('TCC_NO_GLOBAL_TRANSACTION', tcc.branch(bob, 'pay', AMOUNT));
  await late;
  return value;
});

const keyed = ({ tcc, transaction, alice }: Bench): Promise<string> =>
  transaction(
    async () => {
      await tcc.branch(alice, 'pay', AMOUNT);
      return 'done';
    },
    { key: 'order-1', fingerprint: 1 },
  );

export const sameKeyTwice: Scenario = {
  ...one('the same key at two instances', keyed),
  requests: [
    { instance: 'A', run: keyed },
    { instance: 'C', run: keyed },
  ],
};

export const twoRecoveries: Scenario = { ...sequentialTries, name: 'two recoveries', recovering: ['B', 'C'] };

const forged = (phase: BarrierCall['phase']): BarrierCall => ({
  xid: 'F',
  seq: 1,
  phase,
  kind: 'tcc',
  branch: 'alice.pay',
});

export const fenceOnly: Scenario = {
  name: 'one branch, its phases delivered in any order',
  requests: [],
  recovering: [],
  faults: { ...NO_FAULTS, duplicates: 3, losses: 1, total: 4 },
  horizonMs: 3_000,
  branches: 0,
  forged: [forged('try'), forged('confirm'), forged('cancel')],
};

/** What `npm test` explores in full: each takes seconds. */
export const QUICK_SCENARIOS: readonly Scenario[] = [
  singleTry,
  sequentialTries,
  parallelTries,
  overlap,
  initiatorThrows,
  caughtFailure,
  anyFailureCaught,
  message,
  slowInitiator,
  thirdParty,
  {
    ...singleTry,
    name: 'one try, time passes while something is under way',
    faults: { ...NO_FAULTS, stalls: 1, total: 1 },
  },
];

/** What `npm run test:long` explores in full. */
export const SCENARIOS: readonly Scenario[] = [
  ...QUICK_SCENARIOS,
  unawaited,
  sameKeyTwice,
  twoRecoveries,
  fenceOnly,
  { ...singleTry, name: 'one try, two faults', faults: { ...ANY, total: 2 } },
];

/** What takes minutes to hours: two faults of any kind, time that passes among them. */
export const DEEP_SCENARIOS: readonly Scenario[] = [
  ...SCENARIOS.filter(({ faults }) => faults === ANY).map((scenario) => ({
    ...scenario,
    faults: { ...ANY, stalls: 1, total: 2 },
  })),
  { ...fenceOnly, faults: { ...NO_FAULTS, duplicates: 5, losses: 1, total: 5 } },
];
