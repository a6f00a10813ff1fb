import type { BranchRecord, Decision, LedgerPort, TransactionStatus, BranchOutcomes, BeginWrite } from 'nestjs-tcc';
import { InMemoryLedger } from 'nestjs-tcc-testing';

/** A branch row as it lies in the store. */
export interface StoredBranchRow extends Pick<BranchRecord, 'seq' | 'participant' | 'method' | 'kind' | 'timeLimitMs'> {
  settled: boolean;
  parkedBecause: string | undefined;
  attempts: number;
  dueAt: number | undefined;
}

/** A transaction row as it lies in the store: what no port shows, and what mutants tamper with. */
export interface StoredRow {
  status: TransactionStatus;
  readonly decision: Decision | undefined;
  readonly begun: BeginWrite;
  readonly branches: ReadonlyMap<number, StoredBranchRow>;
  outcomes: BranchOutcomes;
  owner: string | undefined;
  epoch: number;
  leased: boolean;
  decidedByWrite: boolean;
  dueAt: number | undefined;
  add(branches: BeginWrite['branches']): void;
  markSettled(seqs: readonly number[]): void;
}

/** The in-memory ledger of nestjs-tcc-testing, which is held to the same contract as Postgres; shared by all processes. */
export class LedgerStore {
  private readonly ledger = new InMemoryLedger();
  readonly port: LedgerPort;

  /** @param alter makes a mutant of it */
  constructor(alter: (port: LedgerPort, store: LedgerStore) => LedgerPort = (port) => port) {
    this.port = alter(this.ledger, this);
  }

  get rows(): ReadonlyMap<string, StoredRow> {
    return (this.ledger as unknown as { readonly transactions: ReadonlyMap<string, StoredRow> }).transactions;
  }

  digest(): string {
    return JSON.stringify(
      [...this.rows.values()].map((row) => {
        const { begun, branches, attempts: _, ...fields } = row as StoredRow & { attempts: unknown };
        return [begun.xid, begun.deadline, fields, [...branches.values()]];
      }),
    );
  }
}
