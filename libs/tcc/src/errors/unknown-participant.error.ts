import { TccError } from './tcc.error.js';

/**
 * A branch names a participant or a try that this instance does not have.
 *
 * @publicApi
 */
export class UnknownParticipantError extends TccError {
  override readonly code = 'TCC_UNKNOWN_PARTICIPANT';

  constructor(
    readonly branch: string,
    readonly known: readonly string[],
    xid?: string,
  ) {
    super(
      `There is no ${branch} in this instance. Known here: ${known.length > 0 ? known.join(', ') : 'none'}. ` +
        'A participant or try that was renamed keeps its old name with @Participant(name) and @Try({ name }).',
      xid === undefined ? {} : { xid },
    );
  }
}
