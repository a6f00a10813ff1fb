import { TccError, type TccErrorFields } from './tcc.error.js';

/**
 * Arguments or results that cannot be stored (or, `direction: 'read'`, stored ones that cannot be read).
 *
 * @publicApi
 */
export class PayloadError extends TccError {
  override readonly code = 'TCC_PAYLOAD';
  /** 400 for what a caller gave, 500 for what the ledger holds. */
  override readonly httpStatus: number = 400;

  constructor(
    /** Which value, as a path: `Argument 1 of payment.authorize (.lines[0].total)`. */
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
    if (direction === 'read') this.httpStatus = 500;
  }
}
