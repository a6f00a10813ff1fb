import type { Monotonic } from '../core/monotonic-clock.js';
import type { BranchKind, Decision, Phase, TransactionStatus } from '../core/status.js';

/** In which order phase two calls the branches: all at once, or in sequence (confirm as registered, cancel in reverse). */
export type PhaseTwoOrder = 'together' | 'sequence';

/** A branch as it is registered. */
export interface BranchWrite {
  /** From 1, in the order of the calls. */
  readonly seq: number;
  /** Stable name of the participant. */
  readonly participant: string;
  /** Stable name of the try within it. */
  readonly method: string;
  readonly kind: BranchKind;
  /** Arguments, encoded by the codec. */
  readonly args: string;
  /** Only for participants without barrier: how long a try may be under way, in milliseconds. */
  readonly timeLimitMs?: number | undefined;
}

/** Writes the transaction together with its first branches; unconditional but for the key. */
export interface BeginWrite {
  /** UUIDv7. */
  readonly xid: string;
  readonly service: string;
  readonly name: string;
  readonly key?: string | undefined;
  /** Digest of the arguments under that key. */
  readonly fingerprint?: string | undefined;
  readonly order: PhaseTwoOrder;
  readonly baggage: Readonly<Record<string, string>>;
  /** On this process's clock; the ledger stores its own clock's now plus what is left when the write is sent. */
  readonly deadline: Monotonic;
  readonly branches: readonly BranchWrite[];
}

/** The transaction that holds a key. */
export interface KeyHolder {
  readonly xid: string;
  readonly status: TransactionStatus;
  readonly fingerprint: string | undefined;
  /** Encoded return value; undefined while undecided. */
  readonly result: string | undefined;
  /** Until its deadline, in milliseconds; may be negative. */
  readonly remainingMs: number;
}

/** `skipped` is never `refused`: a lock was in the way, the same write is sent again. */
export interface Skipped {
  readonly answer: 'skipped';
}

/** What became of a {@link BeginWrite}. `refused`: its key belongs to another transaction. */
export type BeginAnswer =
  /** The row is there and is ours. `status` differs from `trying` when a re-sent begin finds itself already cancelled. */
  | { readonly answer: 'done'; readonly status: TransactionStatus }
  | { readonly answer: 'refused'; readonly holder: KeyHolder }
  | Skipped;

/** Registers further branches; done only while the transaction is trying and before its deadline. */
export interface RegisterWrite {
  readonly xid: string;
  readonly branches: readonly BranchWrite[];
}

/** What became of a {@link RegisterWrite}. */
export type RegisterAnswer =
  | { readonly answer: 'done' }
  /** `status` right after (undefined: no such transaction); `trying` means that the deadline has passed. */
  | { readonly answer: 'refused'; readonly status: TransactionStatus | undefined }
  | Skipped;

/** What the decision says of one branch. */
export interface BranchOutcome {
  readonly confirm: boolean;
  /** The try is known to have ended, well or badly. False: it may still be under way. */
  readonly answered: boolean;
  /** What the try returned, encoded; only for branches to confirm. */
  readonly result?: string | undefined;
}

/** Outcomes by seq. A branch that is not listed is to cancel and not known to have answered. */
export type BranchOutcomes = Readonly<Record<number, BranchOutcome>>;

/** The compare-and-set from trying. It takes the lease (epoch 1). */
export interface DecideWrite {
  readonly xid: string;
  readonly to: Decision;
  readonly outcomes: BranchOutcomes;
  /** The initiator's encoded return value; only with a key and to confirm. */
  readonly result?: string | undefined;
  readonly owner: string;
  readonly leaseMs: number;
}

/** What became of a {@link DecideWrite}. */
export type DecideAnswer =
  /**
   * The transaction stands as asked (now, or since an earlier sending of the same write). `leased`: owner and epoch 1
   * are this write's, so the sender may drive phase two.
   */
  | { readonly answer: 'done'; readonly status: TransactionStatus; readonly leased: boolean }
  /** `trying`: asked to confirm after the deadline. Another status: decided otherwise. undefined: no such transaction. */
  | { readonly answer: 'refused'; readonly status: TransactionStatus | undefined }
  | Skipped;

/** Closes a decided transaction whose branches have all settled. */
export interface SettleWrite {
  readonly xid: string;
  readonly owner: string;
  readonly epoch: number;
  /** The branches that the driver settled. Refused when the ledger holds another one that is not settled. */
  readonly seqs: readonly number[];
}

/** What became of a {@link SettleWrite}. `refused`: the lease is lost, or another branch is not settled. */
export type SettleAnswer = { readonly answer: 'done' } | { readonly answer: 'refused' } | Skipped;

/** Writes that go out in one transaction. No xid occurs twice. */
export interface LedgerBatch {
  readonly begins: readonly BeginWrite[];
  readonly registers: readonly RegisterWrite[];
  readonly decides: readonly DecideWrite[];
  readonly settles: readonly SettleWrite[];
}

/** Answers, each list in the order of the batch's. */
export interface LedgerBatchAnswer {
  readonly begins: readonly BeginAnswer[];
  readonly registers: readonly RegisterAnswer[];
  readonly decides: readonly DecideAnswer[];
  readonly settles: readonly SettleAnswer[];
}

/** The right to drive one transaction. */
export interface Lease {
  readonly xid: string;
  readonly owner: string;
  readonly epoch: number;
}

/** A branch as a driver reads it. */
export interface BranchRecord {
  readonly seq: number;
  readonly participant: string;
  readonly method: string;
  readonly kind: BranchKind;
  readonly args: string;
  readonly timeLimitMs: number | undefined;
  readonly settled: boolean;
  readonly parked: boolean;
  /** Failed attempts of phase two so far. */
  readonly attempts: number;
  /** "Not yet" answers in a row, which lengthen the pause but count as no attempt. */
  readonly postponements: number;
  /** Whether an alert has gone out for it. */
  readonly alerted: boolean;
  /** Until it is due, in milliseconds; zero or negative: due. */
  readonly dueInMs: number;
}

/** A transaction as a driver claims it: decided, with a fresh epoch. */
export interface ClaimedTransaction extends Lease {
  readonly name: string;
  readonly decision: Decision;
  readonly outcomes: BranchOutcomes;
  readonly order: PhaseTwoOrder;
  readonly baggage: Readonly<Record<string, string>>;
  /** Until its deadline, in milliseconds; negative once it has passed. */
  readonly remainingMs: number;
  /** Since the decision, in milliseconds. */
  readonly decidedMsAgo: number;
  readonly branches: readonly BranchRecord[];
}

/** One failed attempt, for the history. */
export interface AttemptWrite {
  readonly phase: Exclude<Phase, 'try'>;
  readonly durationMs: number;
  /** Stable code or class name of the error. */
  readonly errorCode: string;
  readonly errorMessage: string;
}

/** What a drive did to one branch that it could not settle. */
export interface BranchSetback {
  readonly seq: number;
  readonly attempts: number;
  readonly postponements: number;
  readonly alerted: boolean;
  /** When to call it again, in milliseconds from now; undefined: parked. */
  readonly dueInMs: number | undefined;
  /** Why it is parked. */
  readonly parkedBecause?: string;
  /** Absent when the call counts as no attempt. */
  readonly attempt?: AttemptWrite;
}

/**
 * What became of branches that a drive left unsettled: records them, sets when recovery is due, and gives the lease
 * back unless the drive keeps it.
 */
export interface HandBackWrite extends Lease {
  /** Branches that settled in this drive. */
  readonly settled: readonly number[];
  readonly setbacks: readonly BranchSetback[];
  /** Names this instance in the attempt history. */
  readonly instance: string;
  /** The drive goes on: other calls of it are under way. */
  readonly keepsLease?: boolean;
}

/** One transaction for an outside reader. */
export interface TransactionView {
  readonly xid: string;
  readonly name: string;
  readonly status: TransactionStatus;
  /** How many of its branches are parked. */
  readonly parked: number;
}

/** Which transactions to claim. */
export interface ClaimRequest {
  readonly service: string;
  readonly owner: string;
  readonly leaseMs: number;
  readonly limit: number;
  /** Driven by this process at the moment: left alone though their stored lease may have run out. */
  readonly except: readonly string[];
}

/** Which settled transactions to remove, and from where on to look for them. */
export interface PurgeRequest {
  readonly service: string;
  /** They settled at least so many milliseconds ago. */
  readonly retentionMs: number;
  /** The xid behind which to look; undefined: from the oldest on. */
  readonly after?: string | undefined;
  /** How many transactions to look at, at most: those that stay count as well. */
  readonly limit: number;
}

/** What a purge did. */
export interface PurgeAnswer {
  readonly removed: number;
  /** The last transaction that it looked at; undefined: there was none. */
  readonly upTo: string | undefined;
  /** It stopped at the limit: behind `upTo` there may be more that is old enough. */
  readonly more: boolean;
}

/** How much is open in a service. */
export interface Backlog {
  /** Transactions that are not settled, without those that wait for an operator only. */
  readonly open: number;
  /** Branches that are parked. */
  readonly parked: number;
}
