import type { LedgerBatch, LedgerPort } from 'nestjs-tcc';
import type { ActiveTransaction } from '../../../libs/tcc/src/coordinator/active-transaction.js';
import { Decider, type DeciderSettings } from '../../../libs/tcc/src/coordinator/decider.js';
import type { InFlight } from '../../../libs/tcc/src/coordinator/in-flight.js';
import type { PhaseTwoDriver } from '../../../libs/tcc/src/coordinator/phase-two.driver.js';
import { monotonicNow } from '../../../libs/tcc/src/core/monotonic-clock.js';
import type { GroupCommit } from '../../../libs/tcc/src/ledger/group-commit.js';
import { BranchInterceptor, type TryCall } from '../../../libs/tcc/src/participant/branch.interceptor.js';
import { overlap, sequentialTries, slowInitiator, unawaited } from '../scenarios.js';
import { altered, having, type Mutant } from './mutant.js';

/** Lets a try run while its registration is still on its way. */
class HastyInterceptor extends BranchInterceptor {
  override call(call: TryCall): Promise<unknown> {
    const { scope } = call;
    if (scope === undefined) return super.call(call);
    const hasty = Object.assign(Object.create(scope) as typeof scope, {
      open: (request: Parameters<typeof scope.open>[0]) => ({ ...scope.open(request), registered: Promise.resolve() }),
    });
    return super.call({ ...call, scope: hasty });
  }
}

/** Answers what belongs to no transaction as if it had been done. */
class CarelessInterceptor extends BranchInterceptor {
  override call(call: TryCall): Promise<unknown> {
    return super.call(call).catch((error: unknown) => {
      const { code } = error as { code?: string };
      if (code === 'TCC_TRANSACTION_CLOSED' || code === 'TCC_NO_GLOBAL_TRANSACTION') return undefined;
      throw error;
    });
  }
}

type Commits = Pick<GroupCommit, 'decide'>;

/** Confirms while the decision is still on its way. */
class HastyDecider extends Decider {
  constructor(
    commits: Commits,
    private readonly hasty: PhaseTwoDriver,
    inFlight: InFlight,
    private readonly terms: DeciderSettings,
  ) {
    super(commits, hasty, inFlight, terms);
  }

  override confirm(transaction: ActiveTransaction, phaseTwo: 'inline' | 'background', result: string | undefined) {
    const { xid, draft, deadline } = transaction;
    const now = monotonicNow();
    const decided = { decision: 'confirming', outcomes: transaction.outcomes(), decidedMsAgo: 0 } as const;
    const lease = { xid, owner: this.terms.owner, epoch: 1 };
    const rest = { ...draft, remainingMs: deadline - now, branches: transaction.records() };
    this.hasty.drive({ ...rest, ...lease, ...decided }, now).catch(() => undefined);
    return super.confirm(transaction, phaseTwo, result);
  }
}

/** Says "not done" while the cancelling is still on its way. */
class RashDecider extends Decider {
  constructor(commits: Commits, driver: PhaseTwoDriver, inFlight: InFlight, settings: DeciderSettings) {
    const rash: Commits = {
      decide: (write) => {
        const decided = commits.decide(write);
        if (write.to === 'confirming') return decided;
        decided.catch(() => undefined);
        return Promise.resolve({ answer: 'done', status: 'cancelling', leased: false });
      },
    };
    super(rash, driver, inFlight, settings);
  }
}

/** Settles an unknown decision by a look at the row instead of asking for the same once more. */
const bareRead = (port: LedgerPort): LedgerPort =>
  altered(port, {
    flush: async (batch: LedgerBatch) => {
      const [decide] = batch.decides;
      try {
        return await port.flush(batch);
      } catch (error) {
        if (decide?.to !== 'confirming') throw error;
        const row = await port.find(decide.xid);
        const isDone = row?.status === 'confirming' || row?.status === 'confirmed';
        return {
          begins: [],
          registers: [],
          decides: [
            isDone
              ? { answer: 'done', status: 'confirming', leased: true }
              : { answer: 'refused', status: 'cancelling' },
          ],
          settles: [],
        };
      }
    },
  });

/** The initiator's side breaks its word. */
export const COORDINATOR_MUTANTS: readonly Mutant[] = [
  {
    name: 'a try does not wait for its registration',
    breaks: '1 recorded first',
    scenario: having(sequentialTries),
    parts: { Interceptor: HastyInterceptor },
  },
  {
    name: 'the COMMIT of an overlapping try does not wait for its registration',
    breaks: '1 recorded first',
    scenario: having(overlap),
    parts: { awaitsRegistration: false },
  },
  {
    name: 'confirm is called before the decision has an answer',
    breaks: '3 decided before acted',
    scenario: having(sequentialTries),
    parts: { Decider: HastyDecider },
  },
  {
    name: 'an unknown decision is settled by a bare read',
    breaks: '3 decided before acted',
    scenario: having(sequentialTries, { losses: 1 }),
    parts: { port: bareRead },
  },
  {
    name: '"not done" is said before the cancelling is durable',
    breaks: '3 decided before acted',
    scenario: having(slowInitiator),
    parts: { Decider: RashDecider },
  },
  {
    name: 'a try outside a transaction is answered as if it had been done',
    breaks: '9 no silent loss of scope',
    scenario: having(unawaited),
    parts: { Interceptor: CarelessInterceptor },
  },
];
