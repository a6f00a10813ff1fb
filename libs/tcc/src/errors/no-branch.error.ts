import { TccError } from './tcc.error.js';

/**
 * `tcc.branch` was read outside a phase, or a field of it in a phase that has none.
 *
 * @publicApi
 */
export class NoBranchError extends TccError {
  override readonly code = 'TCC_NO_BRANCH';

  constructor(readonly field: string) {
    super(
      `tcc.branch.${field} is not there: it exists only while a try, confirm, cancel or message runs ` +
        '(`manager` only with a DataSource, `signal` only in a try).',
    );
  }
}
