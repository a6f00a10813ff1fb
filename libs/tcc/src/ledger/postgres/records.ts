import type { BranchOutcomes, BranchRecord, ClaimedTransaction } from '../ledger.types.js';
import type { BranchRow } from './sql/read-branches.js';
import type { ClaimRow } from './sql/claim.js';

// Number(): an application may have told pg to hand out numbers as something else.

/** What a row says of a branch. */
export const branchRecord = (row: BranchRow): BranchRecord => ({
  seq: Number(row.seq),
  participant: row.participant,
  method: row.method,
  kind: row.kind,
  args: row.args,
  timeLimitMs: row.time_limit_ms === null ? undefined : Number(row.time_limit_ms),
  settled: row.settled ?? false,
  parked: row.parked ?? false,
  attempts: Number(row.attempts ?? 0),
  postponements: Number(row.postponements ?? 0),
  alerted: row.alerted ?? false,
  dueInMs: Number(row.due_in_ms ?? 0),
});

/** What a row says of a claimed transaction. @param branches its own */
export const claimedTransaction = (
  row: ClaimRow,
  owner: string,
  branches: readonly BranchRow[],
): ClaimedTransaction => ({
  xid: row.xid,
  owner,
  epoch: Number(row.epoch),
  name: row.name,
  decision: row.status,
  outcomes: row.outcomes === null ? {} : (JSON.parse(row.outcomes) as BranchOutcomes),
  order: row.phase_order,
  baggage: JSON.parse(row.baggage) as Readonly<Record<string, string>>,
  remainingMs: Number(row.remaining_ms),
  decidedMsAgo: Number(row.decided_ms_ago),
  branches: branches.map(branchRecord),
});
