import type { TccModuleOptions } from 'nestjs-tcc';
import type { BankApp } from '../bank/bank-app.js';
import { Shipments } from './scenario-participants.js';

/** What is taken from each bank, by most scenarios. */
export const AMOUNT = 10;

/** What confirms or cancels of the banks do besides their work, in each branch. `closes`: the application, meanwhile. */
export type Trouble = { readonly fails: number } | { readonly takesMs: number; readonly closes?: true };

/** One way in which a transaction can go. */
export interface Scenario {
  /** Balance in the south before; less than {@link AMOUNT}: its try refuses. In the north it is 100. */
  readonly south: number;
  readonly options: Partial<TccModuleOptions>;
  readonly trouble?: { readonly confirm?: Trouble; readonly cancel?: Trouble };
  /** What is gone from each bank once it has been confirmed. */
  readonly amount: number;
  /** Branches that are cancelled though the transaction is confirmed. */
  readonly givenUp?: number;
  /** What the caller of the initiator gets. */
  run(bank: BankApp, owner: string): Promise<unknown>;
}

/** Settled by the instance that began it, however long that takes on a busy machine. */
const ALONE = { timeout: '60s', lease: '30s', recovery: false } as const;
/** Driven on by the recovery of its own process. */
const RECOVERING = { ...ALONE, recovery: { poll: '20ms' }, retry: { initial: '20ms', cap: '100ms' } } as const;

const take = (bank: BankApp, owner: string): Promise<unknown> => bank.transfers.take(owner, AMOUNT);
const changeMind = (bank: BankApp, owner: string): Promise<unknown> =>
  bank.tcc.run({ name: 'changed-mind' }, async () => {
    await bank.transfers.north.withdraw(owner, AMOUNT);
    await bank.transfers.south.withdraw(owner, AMOUNT);
    throw new Error('changed its mind');
  });

async function everyKind(bank: BankApp, owner: string): Promise<void> {
  const { carrier, deeds, swift } = bank.app.get(Shipments);
  await deeds.write(owner, AMOUNT);
  await bank.transfers.north.withdraw(owner, AMOUNT);
  await deeds.book(owner, AMOUNT);
  await swift.take(owner, AMOUNT);
  await carrier.notify(owner, AMOUNT);
  await carrier.order(owner, AMOUNT);
  await bank.transfers.south.withdraw(owner, AMOUNT);
}

const inSequence = (bank: BankApp, owner: string, end: () => void): Promise<void> =>
  bank.tcc.run({ name: 'sequence', order: 'sequence' }, async () => {
    await Promise.all([bank.transfers.north.withdraw(owner, AMOUNT), bank.transfers.south.withdraw(owner, AMOUNT)]);
    end();
  });

const plain = { south: 100, amount: AMOUNT, options: ALONE } as const;

/** The ways, by name. */
export const SCENARIOS = {
  confirms: { ...plain, run: take },
  cancels: { ...plain, run: changeMind },
  keyed: { ...plain, run: (bank: BankApp, owner: string) => bank.transfers.takeOnce(owner, owner, AMOUNT) },
  // the cancel of the second one is empty: its try took no effect
  'second refuses': { ...plain, south: AMOUNT - 1, run: take },
  // in sequence: side by side, one that fails may be called again within the same drive, or not
  'confirms at a later attempt': {
    ...plain,
    options: RECOVERING,
    trouble: { confirm: { fails: 2 } },
    run: (bank: BankApp, owner: string) => inSequence(bank, owner, () => undefined),
  },
  'cancels at a later attempt': {
    ...plain,
    options: RECOVERING,
    trouble: { cancel: { fails: 2 } },
    run: (bank: BankApp, owner: string) =>
      inSequence(bank, owner, () => {
        throw new Error('changed its mind');
      }),
  },
  'confirms slowly': {
    ...plain,
    options: { ...ALONE, lease: '2s' },
    trouble: { confirm: { takesMs: 2_500 } },
    run: take,
  },
  'is shut down while confirming': {
    ...plain,
    options: { ...ALONE, drain: '50ms', phaseTwo: 'background' },
    trouble: { confirm: { takesMs: 1_000, closes: true } },
    run: take,
  },
  'confirms in the background': { ...plain, options: { ...ALONE, phaseTwo: 'background' }, run: take },
  'confirms in sequence': {
    ...plain,
    run: (bank: BankApp, owner: string) => inSequence(bank, owner, () => undefined),
  },
  'cancels in sequence': {
    ...plain,
    run: (bank: BankApp, owner: string) =>
      inSequence(bank, owner, () => {
        throw new Error('changed its mind');
      }),
  },
  'confirms every kind': {
    ...plain,
    amount: 2 * AMOUNT,
    run: (bank: BankApp, owner: string) => bank.tcc.run({ name: 'all' }, () => everyKind(bank, owner)),
  },
  'cancels every kind': {
    ...plain,
    amount: 2 * AMOUNT,
    run: (bank: BankApp, owner: string) =>
      bank.tcc.run({ name: 'all' }, async () => {
        await everyKind(bank, owner);
        throw new Error('changed its mind');
      }),
  },
  'gives up what a joined method did': {
    ...plain,
    givenUp: 1,
    run: (bank: BankApp, owner: string) =>
      bank.tcc.run({ name: 'outer' }, async () => {
        await bank.transfers.north.withdraw(owner, AMOUNT);
        await bank.app
          .get(Shipments)
          .attempt(owner, AMOUNT)
          .catch(() => undefined);
        await bank.transfers.south.withdraw(owner, AMOUNT);
      }),
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;
