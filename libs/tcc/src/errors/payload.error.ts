import { TccError, type TccErrorFields } from './tcc.error.js';

/**
 * Arguments or results that cannot be stored (or, `direction: 'read'`, stored ones that cannot be read).
 *
 * @publicApi
 */
export class PayloadError extends TccError {
  override readonly code = 'TCC_PAYLOAD';
  override readonly httpStatus = 400;

  constructor(
    /** Which value, as a path: `payment.authorize argument 1 (.lines[0].total)`. */
    readonly where: string,
    readonly problem: string,
    readonly direction: 'write' | 'read' = 'write',
    fields: TccErrorFields = {},
  ) {
    super(
      direction === 'write'
        ? `${where} cannot be stored in the ledger: ${problem}. Pass plain data (a codec of your own can be given as \`codec\`).`
        : `${where} cannot be read back from the ledger: ${problem}.`,
      fields,
    );
  }
}
