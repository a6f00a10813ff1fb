import type { BranchWrite } from '../../ledger.types.js';
import { payload } from './payload.js';

/**
 * The branches of several transactions as parallel arrays, for `unnest`: xid, seq, participant, method, kind, args,
 * time limit in milliseconds or null.
 *
 * Participant and method are how the branch is found again, so they are kept exactly or refused like a payload.
 *
 * @throws LedgerFailure `rejected` when one cannot be stored
 */
export function branchColumns(
  writes: readonly { readonly xid: string; readonly branches: readonly BranchWrite[] }[],
): unknown[] {
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
