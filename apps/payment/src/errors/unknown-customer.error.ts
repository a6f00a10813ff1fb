import { quoted, ShopError } from '../../../shared/src/shop.error.js';

/** There is nobody of that name. */
export class UnknownCustomerError extends ShopError {
  override readonly code = 'UNKNOWN_CUSTOMER';
  override readonly httpStatus = 404;

  constructor(readonly customer: string) {
    super(`There is no customer ${quoted(customer)}.`);
  }
}
