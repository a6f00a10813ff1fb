import { ShopError } from '../../../shared/src/shop.error.js';

/** More was asked for than there is. */
export class OutOfStockError extends ShopError {
  override readonly code = 'OUT_OF_STOCK';

  constructor(
    readonly sku: string,
    readonly asked: number,
    readonly available: number,
  ) {
    super(`${asked} of ${sku} were asked for and ${available} are available.`);
  }
}
