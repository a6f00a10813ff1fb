import type { BranchRecord, ClaimedTransaction } from '../ledger/ledger.types.js';

/** Branches that are called at once, when those in `after` have settled. */
export interface CallGroup {
  readonly branches: readonly BranchRecord[];
  readonly after: readonly number[];
}

/** What a drive does. */
export interface PhaseTwoPlan {
  /** Driven side by side, the groups of each in their order: a cancel that hangs must not hold up a confirm. */
  readonly lanes: readonly (readonly CallGroup[])[];
  /** Open, but not due now. */
  readonly later: readonly { readonly seq: number; readonly dueInMs: number }[];
  /** How many wait for an operator. */
  readonly parked: number;
}

type Decided = Pick<ClaimedTransaction, 'decision' | 'outcomes' | 'order' | 'branches' | 'remainingMs'>;

/** Confirm only when the decision says so of this branch. */
export const phaseOf = ({ decision, outcomes }: Decided, { seq }: Pick<BranchRecord, 'seq'>): 'confirm' | 'cancel' =>
  decision === 'confirming' && outcomes[seq]?.confirm === true ? 'confirm' : 'cancel';

/** In which order branches are called: those to cancel at once or in reverse; beside them those to confirm, then the messages. */
export function planPhaseTwo(transaction: Decided): PhaseTwoPlan {
  const later: { seq: number; dueInMs: number }[] = [];
  const due: BranchRecord[] = [];
  let parked = 0;
  for (const branch of transaction.branches) {
    if (branch.settled) continue;
    if (branch.parked) {
      parked++;
      continue;
    }
    // One that was never called has its due time from those before it, which may have settled sooner than expected.
    const wasCalled = branch.attempts > 0 || branch.postponements > 0;
    const dueInMs = Math.max(wasCalled ? branch.dueInMs : 0, notBeforeMs(transaction, branch));
    if (dueInMs > 0) later.push({ seq: branch.seq, dueInMs });
    else due.push(branch);
  }
  const cancels = due.filter((branch) => phaseOf(transaction, branch) === 'cancel');
  const confirms = due.filter((branch) => phaseOf(transaction, branch) === 'confirm' && branch.kind !== 'message');
  const messages = due.filter((branch) => phaseOf(transaction, branch) === 'confirm' && branch.kind === 'message');
  const others = transaction.branches.filter(
    (branch) => branch.kind !== 'message' && phaseOf(transaction, branch) === 'confirm',
  );
  const inSequence = transaction.order === 'sequence';
  // One by one, each behind everything of its kind that comes before it, what is parked or not due included.
  const sequence = (
    branches: readonly BranchRecord[],
    isBefore: (other: number, seq: number) => boolean,
  ): CallGroup[] =>
    branches.map((branch) => ({
      branches: [branch],
      after: transaction.branches
        .filter((other) => samePhase(transaction, other, branch) && isBefore(other.seq, branch.seq))
        .map(({ seq }) => seq),
    }));
  const together = (branches: readonly BranchRecord[]): CallGroup[] => [{ branches, after: [] }];
  const lanes: CallGroup[][] = [
    inSequence ? sequence([...cancels].reverse(), (other, seq) => other > seq) : together(cancels),
    [
      ...(inSequence ? sequence(confirms, (other, seq) => other < seq) : together(confirms)),
      { branches: messages, after: others.map(({ seq }) => seq) },
    ],
  ];
  const called = lanes.map((lane) => lane.filter(({ branches }) => branches.length > 0));
  return { lanes: called.filter((lane) => lane.length > 0), later, parked };
}

const samePhase = (transaction: Decided, a: BranchRecord, b: BranchRecord): boolean =>
  a.kind !== 'message' && phaseOf(transaction, a) === phaseOf(transaction, b);

/**
 * A try without barrier that has not answered may still arrive at the third party, and nobody can refuse it there: its
 * cancel waits until no such try can be under way, whoever drives it.
 */
function notBeforeMs({ outcomes, remainingMs }: Decided, { seq, timeLimitMs, kind }: BranchRecord): number {
  if (timeLimitMs === undefined || kind === 'message' || outcomes[seq]?.answered === true) return 0;
  return remainingMs + timeLimitMs;
}
