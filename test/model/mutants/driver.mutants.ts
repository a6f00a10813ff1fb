import type { ClaimedTransaction, HandBackWrite, LedgerPort } from 'nestjs-tcc';
import { type HeldLease, Leases } from '../../../libs/tcc/src/coordinator/leases.js';
import { type DriveEnd, PhaseTwoDriver } from '../../../libs/tcc/src/coordinator/phase-two.driver.js';
import { caughtFailure, parallelTries, sequentialTries, singleTry, thirdParty } from '../scenarios.js';
import { altered, having, type Mutant } from './mutant.js';

type DriverArguments = ConstructorParameters<typeof PhaseTwoDriver>;

/** Drives something else than what it was given. */
const mistaking = (alter: (transaction: ClaimedTransaction) => ClaimedTransaction): typeof PhaseTwoDriver =>
  class extends PhaseTwoDriver {
    override drive(transaction: ClaimedTransaction, ...rest: [number]): Promise<DriveEnd> {
      return super.drive(alter(transaction), ...rest);
    }
  };

/** Takes every branch for one to confirm. */
const hopeful = mistaking((transaction) => ({
  ...transaction,
  outcomes: Object.fromEntries(
    transaction.branches.map(({ seq }) => [seq, { confirm: true, answered: true, result: '10' }]),
  ),
}));

/** Hands a failed branch back as settled. */
class ForgetfulDriver extends PhaseTwoDriver {
  constructor(ledger: DriverArguments[0], ...[commits, leases, invoker, events, settings]: Tail<DriverArguments>) {
    const forget = ({ settled, setbacks, ...write }: HandBackWrite): HandBackWrite => ({
      ...write,
      settled: [...settled, ...setbacks.map(({ seq }) => seq)],
      setbacks: [],
    });
    super({ handBack: (write) => ledger.handBack(forget(write)) }, commits, leases, invoker, events, settings);
  }
}

type Tail<T extends readonly unknown[]> = T extends [unknown, ...infer Rest] ? Rest : never;

class EternalLeases extends Leases {
  override hold(...args: Parameters<Leases['hold']>): HeldLease | undefined {
    const lease = super.hold(...args);
    return lease && { ...lease, stands: () => true };
  }
}

/** Closes a transaction with whatever branches there are. */
const settlesAll = (
  port: LedgerPort,
  { rows }: { readonly rows: ReadonlyMap<string, { readonly branches: ReadonlyMap<number, unknown> }> },
) =>
  altered(port, {
    flush: (batch) => {
      const settles = batch.settles.map((write) => ({
        ...write,
        seqs: [...(rows.get(write.xid)?.branches.keys() ?? [])],
      }));
      return port.flush({ ...batch, settles });
    },
  });

/** Phase two goes wrong. */
export const DRIVER_MUTANTS: readonly Mutant[] = [
  {
    name: 'a branch whose try failed is confirmed',
    breaks: '3 decided before acted',
    scenario: having(caughtFailure),
    parts: { Driver: hopeful },
  },
  {
    name: 'a branch is dropped when its call fails',
    breaks: '4 settled always',
    scenario: having(sequentialTries, { losses: 1 }),
    parts: { Driver: ForgetfulDriver },
  },
  {
    name: 'a driver overlooks a branch, and the ledger settles without looking',
    breaks: '4 settled always',
    scenario: having(sequentialTries),
    parts: {
      Driver: mistaking((transaction) => ({ ...transaction, branches: transaction.branches.slice(0, 1) })),
      store: settlesAll,
    },
  },
  {
    name: 'a driver overlooks a branch, which the ledger notices each time',
    breaks: '4 settled always',
    scenario: having(sequentialTries),
    parts: { Driver: mistaking((transaction) => ({ ...transaction, branches: transaction.branches.slice(0, 1) })) },
  },
  {
    name: 'a third party is cancelled while its try may be under way',
    breaks: '5 effective once',
    scenario: having(thirdParty, { crashes: 1 }),
    parts: { Driver: mistaking((transaction) => ({ ...transaction, remainingMs: -10_000 })) },
  },
  {
    name: 'a driver goes on when its lease has lapsed',
    breaks: '7 fenced drivers',
    scenario: having(singleTry, { stalls: 1 }),
    parts: { Leases: EternalLeases },
  },
  {
    name: 'branches are called one after the other',
    breaks: '8 independent branches',
    scenario: having(parallelTries, { hangs: 1 }),
    parts: { Driver: mistaking((transaction) => ({ ...transaction, order: 'sequence' })) },
  },
];
