import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Tcc, type TransactionStatus } from 'nestjs-tcc';
import { OrderEntity } from '../orders/order.entity.js';
import { AlreadyRefundedError, NotRefundableError, RefundInProgressError } from '../orders/order.errors.js';
import { OrdersService } from '../orders/orders.service.js';

/** An order is confirmed to its customer a moment before the ledger hears that nothing is owed any more. */
const SETTLES_WITHIN_MS = 1_000;
const LOOK_AGAIN_MS = 20;

/** Whether an order may be refunded now. What it answers stays true: settled transactions never change. */
@Injectable()
export class RefundCheck {
  constructor(
    private readonly tcc: Tcc,
    private readonly orders: OrdersService,
  ) {}

  /**
   * @returns the order's row, confirmed and with nothing owed, neither by its checkout nor by a refund that failed
   * @throws UnknownOrderError, AlreadyRefundedError, RefundInProgressError, NotRefundableError
   */
  async refundable(orderId: string): Promise<OrderEntity> {
    const before = await this.orders.row(orderId);
    // All of it, not the order's own branch only: what inventory and payment owe could not be told from the refund's.
    if ((await this.settled(before.xid)) !== 'confirmed') throw new NotRefundableError(orderId);
    const order = before.status === 'pending' ? await this.orders.row(orderId) : before;
    if ((await this.orders.statusOf(order)) === 'refunded') throw new AlreadyRefundedError(orderId);
    if (order.status !== 'confirmed') throw new RefundInProgressError(orderId);
    if (order.refundXid !== null && (await this.settled(order.refundXid)) !== 'cancelled') {
      throw new RefundInProgressError(orderId);
    }
    return order;
  }

  /** Status of a transaction; one that is decided is given a moment to settle. */
  private async settled(xid: string): Promise<TransactionStatus | undefined> {
    for (const giveUpAt = performance.now() + SETTLES_WITHIN_MS; ; await pause(LOOK_AGAIN_MS)) {
      const status = (await this.tcc.outcome(xid))?.status;
      if (status !== 'confirming' && status !== 'cancelling') return status;
      if (performance.now() >= giveUpAt) return status;
    }
  }
}
