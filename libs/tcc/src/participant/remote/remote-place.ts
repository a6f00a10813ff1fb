import type { PhaseAnswer } from '../../core/wire/phase-answer.js';
import type { PhaseCall } from '../../core/wire/phase-call.js';

/** What a caller says of a phase; the place adds whom it is for, and what travels with every call. */
export type PhaseRequest = Omit<PhaseCall, 'audience' | 'trace' | 'patienceMs'>;

/** How long a caller listens. `signal` ends it earlier, and tells the other side. */
export interface CallLimit {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Where participants of another application are. Implemented by each transport. */
export interface RemotePlace {
  /**
   * Sends a call and listens for the answer.
   *
   * @throws ParticipantUnreachableError when there is no answer that counts; CircuitOpenError when nothing was sent
   */
  call(request: PhaseRequest, limit: CallLimit): Promise<PhaseAnswer>;
}

/**
 * A class whose instances business code throws; made anew from what crossed the wire, without its constructor.
 *
 * @publicApi
 */
export type BusinessErrorClass = abstract new (...args: never[]) => Error;

/** A participant that another application has. */
export interface RemoteParticipant {
  readonly name: string;
  /** That application's service name. */
  readonly service: string;
  readonly place: RemotePlace;
  /** Methods that are messages: recorded here, delivered once the transaction is confirmed. */
  readonly messages: ReadonlySet<string>;
  /** The longest a try may take, in milliseconds; undefined: until the deadline. */
  readonly tryTimeoutMs: number | undefined;
  /** By the name of the class. */
  readonly errors: ReadonlyMap<string, BusinessErrorClass>;
}
