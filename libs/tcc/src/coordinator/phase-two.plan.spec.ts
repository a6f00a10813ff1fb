import type { BranchRecord, ClaimedTransaction } from '../ledger/ledger.types.js';
import { phaseOf, planPhaseTwo } from './phase-two.plan.js';

const branch = (seq: number, more: Partial<BranchRecord> = {}): BranchRecord => ({
  seq,
  participant: 'p',
  method: 'm',
  kind: 'tcc',
  args: '[]',
  timeLimitMs: undefined,
  settled: false,
  parked: false,
  attempts: 0,
  postponements: 0,
  alerted: false,
  dueInMs: 0,
  ...more,
});

type Decided = Parameters<typeof planPhaseTwo>[0];
const decided = (branches: BranchRecord[], more: Partial<ClaimedTransaction> = {}): Decided => ({
  decision: 'confirming',
  order: 'together',
  remainingMs: 1_000,
  outcomes: Object.fromEntries(branches.map(({ seq }) => [seq, { confirm: true, answered: true }])),
  branches,
  ...more,
});
const groups = (transaction: Decided): [number[], readonly number[]][] =>
  planPhaseTwo(transaction)
    .lanes.flat()
    .map(({ branches, after }) => [branches.map(({ seq }) => seq), after]);

describe('phaseOf', () => {
  it('is cancel for what the decision does not say to confirm, even in a confirmed transaction', () => {
    const transaction = decided([branch(1), branch(2)], { outcomes: { 1: { confirm: true, answered: true } } });
    expect([1, 2].map((seq) => phaseOf(transaction, { seq }))).toEqual(['confirm', 'cancel']);
  });

  it('is cancel for every branch of a cancelled transaction', () => {
    expect(phaseOf(decided([branch(1)], { decision: 'cancelling' }), { seq: 1 })).toBe('cancel');
  });
});

describe('planPhaseTwo', () => {
  it('calls all at once, and messages once all the others have confirmed', () => {
    expect(groups(decided([branch(1), branch(2, { kind: 'message' }), branch(3)]))).toEqual([
      [[1, 3], []],
      [[2], [1, 3]],
    ]);
  });

  it('keeps a message back behind a branch that is parked or not due', () => {
    const plan = groups(
      decided([branch(1, { parked: true }), branch(2, { dueInMs: 5, attempts: 1 }), branch(3, { kind: 'message' })]),
    );
    expect(plan).toEqual([[[3], [1, 2]]]);
  });

  it('in sequence confirms in order and cancels in reverse', () => {
    const three = [branch(1), branch(2), branch(3)];
    expect(groups(decided(three, { order: 'sequence' }))).toEqual([
      [[1], []],
      [[2], [1]],
      [[3], [1, 2]],
    ]);
    expect(groups(decided(three, { order: 'sequence', decision: 'cancelling' }))).toEqual([
      [[3], []],
      [[2], [3]],
      [[1], [2, 3]],
    ]);
  });

  it('calls nothing that has settled, is parked or is not due, and says when', () => {
    const plan = planPhaseTwo(
      decided([branch(1, { settled: true }), branch(2, { parked: true }), branch(3, { dueInMs: 7, attempts: 1 })]),
    );
    expect(plan).toEqual({ lanes: [], later: [{ seq: 3, dueInMs: 7 }], parked: 1 });
  });

  it('waits with the cancel of a try without barrier that has not answered, until none can be under way', () => {
    const outcomes = { 1: { confirm: false, answered: false }, 2: { confirm: false, answered: true } };
    const branches = [
      branch(1, { timeLimitMs: 300 }),
      branch(2, { timeLimitMs: 300 }),
      branch(3, { timeLimitMs: 300 }),
      branch(4),
    ];
    const plan = planPhaseTwo(decided(branches, { decision: 'cancelling', outcomes, remainingMs: -100 }));
    expect(plan.later).toEqual([
      { seq: 1, dueInMs: 200 },
      { seq: 3, dueInMs: 200 },
    ]);
    expect(plan.lanes.flat().flatMap((group) => group.branches.map(({ seq }) => seq))).toEqual([2, 4]);
  });
});
