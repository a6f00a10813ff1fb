import { quoted, ShopError } from '../../../shared/src/shop.error.js';

/** There is no such order. */
export class UnknownOrderError extends ShopError {
  override readonly code = 'UNKNOWN_ORDER';
  override readonly httpStatus = 404;

  constructor(readonly orderId: string) {
    super(`There is no order ${quoted(orderId)}.`);
  }
}

/** Nothing in the cart. */
export class EmptyCartError extends ShopError {
  override readonly code = 'EMPTY_CART';

  constructor(readonly cartId: string) {
    super(`There is nothing in cart ${cartId}.`);
  }
}

/** A price changed between the quote and the reservation. */
export class PriceChangedError extends ShopError {
  override readonly code = 'PRICE_CHANGED';

  constructor() {
    super('A price has changed in this moment: look at it and order again.');
  }
}

/** The money has gone back, or certainly will. */
export class AlreadyRefundedError extends ShopError {
  override readonly code = 'ALREADY_REFUNDED';

  constructor(readonly orderId: string) {
    super(`Order ${orderId} has been refunded.`);
  }
}

/** Another refund of the order has not been decided, or has not settled. */
export class RefundInProgressError extends ShopError {
  override readonly code = 'REFUND_IN_PROGRESS';

  constructor(readonly orderId: string) {
    super(`A refund of order ${orderId} is in progress.`);
  }
}

/** Not confirmed, or its confirm is still owed by somebody. */
export class NotRefundableError extends ShopError {
  override readonly code = 'NOT_REFUNDABLE';

  constructor(readonly orderId: string) {
    super(`Order ${orderId} cannot be refunded: it is not confirmed in every place.`);
  }
}
