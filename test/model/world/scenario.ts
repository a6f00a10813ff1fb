import type { BarrierCall, RunOptions, Tcc } from 'nestjs-tcc';
import type { Faults } from './budget.js';
import type { Participants } from './participants.js';

/** What an initiator's program has at hand. */
export interface Bench extends Participants {
  readonly tcc: Tcc;
  /** Waits until the scheduler lets it go on. */
  readonly step: (name: string) => Promise<void>;
  /** Waits so long. */
  readonly pause: (ms: number) => Promise<void>;
  /** Runs a global transaction. What its body throws is told apart from what the framework says by itself. */
  readonly transaction: <T>(body: () => Promise<T>, options?: Partial<RunOptions>) => Promise<T>;
  /** Calls something that has to be refused, beside the transaction or after it. */
  readonly beyond: (code: string, work: Promise<unknown>) => Promise<void>;
}

/** A caller's request to an instance. */
export interface Request {
  readonly instance: string;
  readonly run: (bench: Bench) => Promise<unknown>;
}

/** A small system to explore in full. */
export interface Scenario {
  readonly name: string;
  readonly requests: readonly Request[];
  /** Instances whose recovery looks. One that crashes is replaced. */
  readonly recovering: readonly string[];
  readonly faults: Faults;
  /** How far the clock goes before the world is left to a healthy instance. */
  readonly horizonMs: number;
  /** How many branches a transaction of it may have at most. */
  readonly branches: number;
  /** Calls that are delivered though nobody made them. */
  readonly forged?: readonly BarrierCall[];
}

/** How a request ended for its caller. */
export interface Told {
  readonly request: number;
  readonly instance: string;
  readonly returned: boolean;
  readonly value: unknown;
  /** Of the error. */
  readonly code: string | undefined;
  /** The error came out of the initiator's body. */
  readonly own: boolean;
  readonly xid: string | undefined;
}

/** How something ended that has to be refused. */
export interface Aside {
  readonly expected: string;
  /** undefined: it was done. */
  readonly code: string | undefined;
}
