import { TccError } from './tcc.error.js';

/**
 * The barrier refused a confirm or a cancel: confirm without try, confirm after cancel, or cancel after confirm.
 * The branch is parked; no business code ran.
 *
 * @publicApi
 */
export class BarrierRefusedError extends TccError {
  override readonly code = 'TCC_BARRIER_REFUSED';

  constructor(
    readonly branch: string,
    xid: string,
    readonly seq: number,
    readonly phase: 'confirm' | 'cancel',
    /** The status of the barrier row; undefined when there is none. */
    readonly found: string | undefined,
  ) {
    super(
      `${phase} of ${branch} (${xid}:${seq}) was refused by the barrier: the branch is ${found ?? 'unknown in this database'}. ` +
        'No business code ran. Look at the participant’s database: it may have been restored to an earlier time, or be another one than the try used.',
      { xid },
    );
  }
}
