import { ShopError } from '../../../shared/src/shop.error.js';

/** More is to be paid than there is. */
export class InsufficientFundsError extends ShopError {
  override readonly code = 'INSUFFICIENT_FUNDS';

  constructor(
    readonly customer: string,
    /** In cents. */
    readonly amount: number,
  ) {
    super(`The account of ${customer} does not hold the ${amount} cents that are to be paid.`);
  }
}
