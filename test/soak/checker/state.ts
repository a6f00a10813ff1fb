import type { BranchKind, TransactionStatus } from 'nestjs-tcc';
import type { DatabaseName } from '../world/topology.js';

export interface TransactionRow {
  readonly ledger: DatabaseName;
  readonly xid: string;
  readonly name: string;
  readonly key: string | null;
  readonly status: TransactionStatus;
  readonly settled: boolean;
  /** Decoded: whether each branch is to confirm, by its seq. */
  readonly confirms: Readonly<Record<string, boolean>>;
  /** The initiator's return value, encoded; only with a key. */
  readonly result: string | null;
  /** Milliseconds since the epoch, on the machine's clock. */
  readonly deadline: number;
}

export interface BranchRow {
  readonly xid: string;
  readonly seq: number;
  readonly participant: string;
  readonly method: string;
  readonly kind: BranchKind;
  /** First argument. */
  readonly orderId: string;
  readonly parkedBecause: string | null;
}

/** A change of a transaction's status, as it was committed. */
export interface ChangeRow {
  readonly xid: string;
  readonly was: TransactionStatus;
  readonly became: TransactionStatus;
}

export interface BarrierRow {
  readonly database: DatabaseName;
  readonly xid: string;
  readonly seq: number;
  readonly status: string;
}

/** Business code ran, and its effect was committed. `key` is `xid:seq`. */
export interface JournalRow {
  readonly database: DatabaseName;
  readonly key: string;
  readonly orderId: string;
  readonly entry: 'try' | 'confirm' | 'cancel' | 'message';
  readonly amount: number;
}

export interface WalletRow {
  readonly database: DatabaseName;
  readonly owner: string;
  readonly balance: number;
  readonly held: number;
  readonly incoming: number;
}

export interface HoldRow {
  readonly database: DatabaseName;
  readonly key: string;
}

/** What the third party knows of a charge. */
export interface ChargeRow {
  readonly key: string;
  readonly orderId: string;
  readonly status: string;
  readonly tries: number;
  readonly captures: number;
  readonly refunds: number;
  /** When it first arrived, in milliseconds since the epoch. */
  readonly at: number;
}

/** Everything that is durable when a run has ended. */
export interface FinalState {
  readonly transactions: readonly TransactionRow[];
  readonly branches: readonly BranchRow[];
  readonly changes: readonly ChangeRow[];
  readonly barriers: readonly BarrierRow[];
  readonly journal: readonly JournalRow[];
  readonly wallets: readonly WalletRow[];
  readonly holds: readonly HoldRow[];
  readonly charges: readonly ChargeRow[];
}

export const keyOf = ({ xid, seq }: { readonly xid: string; readonly seq: number }): string => `${xid}:${seq}`;
export const nameOf = ({ participant, method }: BranchRow): string => `${participant}.${method}`;

function grouped<T>(rows: readonly T[], key: (row: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
}

/** A final state that can be asked. */
export class Findings {
  readonly transactions: ReadonlyMap<string, TransactionRow>;
  readonly branches: ReadonlyMap<string, BranchRow>;
  readonly branchesOf: ReadonlyMap<string, readonly BranchRow[]>;
  readonly branchesOfOrder: ReadonlyMap<string, readonly BranchRow[]>;
  readonly barriers: ReadonlyMap<string, readonly BarrierRow[]>;
  readonly journal: ReadonlyMap<string, readonly JournalRow[]>;
  readonly charges: ReadonlyMap<string, ChargeRow>;
  readonly followUps: ReadonlyMap<string, readonly TransactionRow[]>;

  constructor(readonly state: FinalState) {
    this.transactions = new Map(state.transactions.map((row) => [row.xid, row]));
    this.branches = new Map(state.branches.map((row) => [keyOf(row), row]));
    this.branchesOf = grouped(state.branches, ({ xid }) => xid);
    this.branchesOfOrder = grouped(state.branches, ({ orderId }) => orderId);
    this.barriers = grouped(state.barriers, keyOf);
    this.journal = grouped(state.journal, ({ key }) => key);
    this.charges = new Map(state.charges.map((row) => [row.key, row]));
    this.followUps = grouped(
      state.transactions.filter(({ name }) => name === 'follow-up'),
      ({ key }) => key ?? '',
    );
  }

  /** Whether the decision was to confirm this branch. */
  confirms({ xid, seq }: BranchRow): boolean {
    const transaction = this.transactions.get(xid);
    return transaction?.status === 'confirmed' && transaction.confirms[seq] === true;
  }

  /** How often business code of a branch ran. */
  ran(key: string): Readonly<Record<JournalRow['entry'], number>> {
    const counts = { try: 0, confirm: 0, cancel: 0, message: 0 };
    for (const { entry } of this.journal.get(key) ?? []) counts[entry]++;
    return counts;
  }

  /** Whether what a branch is for has happened, and stands. */
  isEffective(branch: BranchRow): boolean {
    const key = keyOf(branch);
    if (nameOf(branch) === 'third.charge') return this.charges.get(key)?.status === 'captured';
    if (nameOf(branch) === 'third.follow')
      return (this.followUps.get(key) ?? []).some(({ status }) => status === 'confirmed');
    const ran = this.ran(key);
    if (branch.kind === 'message') return ran.message > 0;
    return branch.kind === 'saga' ? ran.try > ran.cancel : ran.confirm > 0;
  }
}
