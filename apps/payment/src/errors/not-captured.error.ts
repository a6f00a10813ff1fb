import { ShopError } from '../../../shared/src/shop.error.js';

/** More was to be paid back than was ever paid. */
export class NotCapturedError extends ShopError {
  override readonly code = 'NOT_CAPTURED';

  constructor(
    readonly customer: string,
    /** In cents. */
    readonly amount: number,
  ) {
    super(`${customer} has not paid the ${amount} cents that were to be paid back.`);
  }
}
