import { TccError } from './tcc.error.js';

/**
 * `tcc.branch` was read outside a phase.
 *
 * @publicApi
 */
export class NoBranchError extends TccError {
  override readonly code = 'TCC_NO_BRANCH';

  constructor(readonly field: string) {
    super(`tcc.branch.${field} was read outside a phase: it exists only while a try, confirm, cancel or message runs.`);
  }
}
