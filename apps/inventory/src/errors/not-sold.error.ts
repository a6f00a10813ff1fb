import { ShopError } from '../../../shared/src/shop.error.js';

/** More was to be taken back than was ever sold. */
export class NotSoldError extends ShopError {
  override readonly code = 'NOT_SOLD';

  constructor(
    readonly sku: string,
    readonly asked: number,
    readonly sold: number,
  ) {
    super(`${asked} of ${sku} were to be taken back and ${sold} are sold.`);
  }
}
