import type { BarrierCall, BranchOutcomes, TransactionStatus } from 'nestjs-tcc';
import type { ModelProcess } from '../engine/model-process.js';
import type { Violation } from '../explorer/world.js';
import type { DeliveryEnd } from './delivery.js';
import type { LedgerCall } from './ledger-calls.js';
import type { LedgerStore, StoredRow } from './ledger-store.js';
import type { Names } from './names.js';
import type { ParticipantDatabase } from './participant-database.js';
import type { Aside, Scenario, Told } from './scenario.js';

/** A transaction row at one moment. */
export interface RowView {
  readonly status: TransactionStatus;
  readonly owner: string | undefined;
  readonly epoch: number;
  readonly leased: boolean;
  readonly dueAt: number | undefined;
  readonly deadline: number;
  readonly outcomes: string;
  readonly branches: readonly number[];
  readonly text: string;
}

/** What a call did to the ledger. */
export interface LedgerChange {
  readonly call: LedgerCall;
  readonly at: number;
  readonly before: ReadonlyMap<string, RowView>;
  readonly after: ReadonlyMap<string, RowView>;
  /** What it is answered; undefined when it failed. */
  readonly value: unknown;
}

/** All that invariants may look at. */
export interface Scene {
  readonly store: LedgerStore;
  readonly database: ParticipantDatabase;
  readonly names: Names;
  readonly time: { readonly now: number };
  readonly told: readonly Told[];
  readonly asides: readonly Aside[];
  /** The phases that were called behind a barrier, by `phase xid:seq`. */
  readonly asked: ReadonlyMap<string, BarrierCall>;
  readonly scenario: Scenario;
}

/**
 * A promise of the design. Each of its rules says what is wrong, or nothing; it sees the whole system, which no part of
 * the code under test does.
 */
export interface Invariant {
  readonly name: string;
  /** After every event. */
  always?(scene: Scene): string | undefined;
  /** When a call took effect in the ledger. */
  changed?(change: LedgerChange, scene: Scene): string | undefined;
  /** When a phase behind a barrier is called, before it does anything. */
  asked?(process: ModelProcess, call: BarrierCall, scene: Scene): string | undefined;
  /** When a delivery to a barrier has its answer. */
  ended?(end: DeliveryEnd, scene: Scene): string | undefined;
  /** When a caller hears how its request ended. */
  told?(told: Told, scene: Scene): string | undefined;
  /** When nothing is under way but what waits for time to pass. */
  quiet?(scene: Scene): string | undefined;
  /** When a healthy instance has had all the time it needs. */
  end?(scene: Scene): string | undefined;
}

type Rule = Exclude<keyof Invariant, 'name'>;

/** Asks every invariant, and keeps what they find. */
export class Judge {
  readonly violations: Violation[] = [];
  /** While it does not, what happens is not new. */
  isAwake = true;

  constructor(
    private readonly invariants: readonly Invariant[],
    private readonly scene: () => Scene,
  ) {}

  judge(rule: Rule, ask: (invariant: Invariant, scene: Scene) => string | undefined): void {
    if (!this.isAwake) return;
    const scene = this.scene();
    for (const invariant of this.invariants) {
      const what = invariant[rule] && ask(invariant, scene);
      if (what !== undefined) this.violations.push({ invariant: invariant.name, what: scene.names.in(what) });
    }
  }
}

export function viewsOf(store: LedgerStore): ReadonlyMap<string, RowView> {
  return new Map([...store.rows].map(([xid, row]) => [xid, viewOf(row)]));
}

function viewOf(row: StoredRow): RowView {
  const { status, owner, epoch, leased, dueAt, begun, outcomes } = row;
  const branches = [...row.branches.values()];
  const view = { status, owner, epoch, leased, dueAt, deadline: begun.deadline, outcomes: JSON.stringify(outcomes) };
  return { ...view, branches: branches.map(({ seq }) => seq), text: JSON.stringify([view, branches]) };
}

/** Of a row, and of a branch in it: whether the decision says confirm. */
export const confirms = (outcomes: BranchOutcomes, seq: number): boolean => outcomes[seq]?.confirm === true;
