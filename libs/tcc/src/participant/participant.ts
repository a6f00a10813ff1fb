import type { BarrierPort } from '../barrier/barrier.port.js';
import type { BranchKind, Phase } from '../core/status.js';
import type { TryParameters } from './parameters.js';

/** A provider that offers try, confirm and cancel under a stable name. */
export interface Participant {
  readonly name: string;
  /** Who it is, for errors. */
  readonly className: string;
  /** Undefined when it has none. */
  readonly dataSource: object | undefined;
  readonly barrier: BarrierPort | undefined;
  readonly effects: 'database' | undefined;
  readonly tries: ReadonlyMap<string, ParticipantTry>;
  /** The object to call phase two on; a fresh one for providers whose dependencies are scoped. */
  readonly locate: (branch: BranchIdentity) => object | Promise<object>;
}

/** What request-scoped dependencies of a participant get as REQUEST in phase two: there is no HTTP request there. */
export interface BranchIdentity {
  readonly xid: string;
  readonly seq: number;
  readonly phase: Phase;
}

/** One try (or message) of a participant and what belongs to it. */
export interface ParticipantTry {
  readonly participant: Participant;
  /** Stable name within the participant. */
  readonly name: string;
  /** `participant.name`. */
  readonly fullName: string;
  readonly kind: BranchKind;
  readonly method: PropertyKey;
  /** Undefined where the phase is absent. For a message, the message itself. */
  readonly confirm: PropertyKey | undefined;
  readonly cancel: PropertyKey | undefined;
  readonly evenIfNotTried: boolean;
  readonly timeLimitMs: number | undefined;
  /** What the try declares: confirm gets the try's result behind them. */
  readonly parameters: TryParameters;
}
