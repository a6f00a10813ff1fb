import { quoted, ShopError } from '../../../shared/src/shop.error.js';

/** There is no such thing. */
export class UnknownSkuError extends ShopError {
  override readonly code = 'UNKNOWN_SKU';
  override readonly httpStatus = 404;

  constructor(readonly sku: string) {
    super(`There is no sku ${quoted(sku)}.`);
  }
}
