import type { BranchWrite } from '../../ledger.types.js';
import { payload } from './payload.js';

/** Whose branches. */
type Branched = readonly { readonly xid: string; readonly branches: readonly BranchWrite[] }[];

const COLUMNS = [
  ['xid', 'uuid'],
  ['seq', 'int'],
  ['participant', 'text'],
  ['method', 'text'],
  ['kind', 'text'],
  ['args', 'text'],
  ['time_limit_ms', 'float8'],
] as const;

/** How many there are; undefined when one has none, whose fate they would not show. */
export function branchCount(writes: Branched): number | undefined {
  let count = 0;
  for (const { branches } of writes) {
    if (branches.length === 0) return undefined;
    count += branches.length;
  }
  return count;
}

/**
 * Selects what {@link branchColumns} has made of them, from parameter `first` on. In the select list: `unnest` of many
 * arrays in a from clause keeps the values of each in a store of its own, which takes longer than to insert them.
 */
export const branchesFrom = (first: number): string =>
  `select ${COLUMNS.map(([name, type], index) => `unnest($${first + index}::${type}[]) as ${name}`).join(', ')}`;

/**
 * The branches of several transactions as parallel arrays: xid, seq, participant, method, kind, args, time limit in
 * milliseconds or null.
 *
 * Participant and method are how the branch is found again, so they are kept exactly or refused like a payload.
 *
 * @throws LedgerFailure `rejected` when one cannot be stored
 */
export function branchColumns(writes: Branched): unknown[] {
  const all = writes.flatMap(({ xid, branches }) => branches.map((branch) => ({ xid, branch })));
  return [
    all.map(({ xid }) => xid),
    all.map(({ branch }) => branch.seq),
    all.map(({ branch, xid }) => payload(branch.participant, `the participant of branch ${branch.seq}`, xid)),
    all.map(({ branch, xid }) => payload(branch.method, `the method of branch ${branch.seq}`, xid)),
    all.map(({ branch }) => branch.kind),
    all.map(({ branch, xid }) => payload(branch.args, `the arguments of branch ${branch.seq}`, xid)),
    all.map(({ branch }) => branch.timeLimitMs ?? null),
  ];
}
