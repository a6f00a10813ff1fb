import { TccError } from './tcc.error.js';

/** What the other application said of an error whose class is not registered here. */
export interface RemoteError {
  /** Name of its class there. */
  readonly name: string;
  /** Its `code`, or the name of its class. */
  readonly code: string;
  readonly message: string;
  /** Its own properties. */
  readonly details: Readonly<Record<string, unknown>>;
}

/**
 * A participant in another application refused. A try: with a business error whose class is not in `errors` of
 * `forRemote()`. A confirm or cancel: for good, so that the branch is parked.
 *
 * @publicApi
 */
export class ParticipantRefusedError extends TccError {
  override readonly code = 'TCC_PARTICIPANT_REFUSED';
  override readonly httpStatus = 409;

  constructor(
    /** `participant.method`. */
    readonly branch: string,
    readonly phase: 'try' | 'confirm' | 'cancel',
    xid: string,
    readonly refusal: RemoteError,
  ) {
    super(`${phase} of ${branch} was refused (${refusal.code}): ${refusal.message}`, { xid });
  }
}
