import { TccError } from './tcc.error.js';

/**
 * A try was called inside an open `dataSource.transaction` on the try's own DataSource: it would wait for itself.
 *
 * @publicApi
 */
export class OpenLocalTransactionError extends TccError {
  override readonly code = 'TCC_OPEN_LOCAL_TRANSACTION';

  constructor(
    readonly branch: string,
    xid: string,
  ) {
    super(
      `Try of ${branch} was called inside an open dataSource.transaction() on its own DataSource and could wait on itself for ever: ` +
        'call the try outside that transaction.',
      { xid },
    );
  }
}
