import type { BranchKind, Phase } from '../core/status.js';

/** What is asked for a signal when one is needed: making one costs more than most tries do in this process. */
export interface HasSignal {
  readonly signal: AbortSignal;
}

/** The local transaction of a phase, as what runs in it finds it. */
export interface PhaseTransaction {
  /** The participant's DataSource, or undefined when it has none. */
  readonly dataSource: object | undefined;
  /** EntityManager of the local transaction. */
  readonly manager: unknown;
  /** A runner that joins the local transaction. */
  readonly createQueryRunner: () => unknown;
}

/** One phase of one branch while it runs. */
export interface BranchExecution {
  readonly xid: string;
  readonly seq: number;
  readonly phase: Phase;
  readonly kind: BranchKind;
  /** `participant.method`. */
  readonly name: string;
  /** The object whose method runs and the property that holds it: a call of `super.method()` from there is no new call. */
  readonly self: object;
  readonly method: PropertyKey;
  readonly local: PhaseTransaction | undefined;
  /** Try only: aborts at the deadline and at the try's time limit. */
  readonly signal?: AbortSignal;
  /** Try only: its method is about to be called through its decorator, and not by it. */
  readonly entersWrapper?: true | undefined;
}

/** `xid:seq`: the key under which a participant keeps what it holds for a branch. */
export const idempotencyKeyOf = (branch: Pick<BranchExecution, 'xid' | 'seq'>): string => `${branch.xid}:${branch.seq}`;
