import { quoted, ShopError } from '../../../shared/src/shop.error.js';

/** There is no such cart. */
export class UnknownCartError extends ShopError {
  override readonly code = 'UNKNOWN_CART';
  override readonly httpStatus = 404;

  constructor(readonly cartId: string) {
    super(`There is no cart ${quoted(cartId)}.`);
  }
}
