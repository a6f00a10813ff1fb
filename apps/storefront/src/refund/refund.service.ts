import { Injectable } from '@nestjs/common';
import { GlobalTransaction, InjectParticipant, Tcc } from 'nestjs-tcc';
import type { Inventory } from '../../../inventory/src/contract.js';
import type { Payment } from '../../../payment/src/contract.js';
import { OrdersParticipant } from '../orders/orders.participant.js';
import { RefundCheck } from './refund-check.js';

/** What a customer gets for a refund. */
export interface RefundReceipt {
  readonly orderId: string;
  /** Of the refund, not of the checkout. */
  readonly xid: string;
  readonly status: 'refunded';
  /** In cents. */
  readonly total: number;
}

/** Turns an order back: the things are for sale again and the money is the customer's. */
@Injectable()
export class RefundService {
  constructor(
    private readonly tcc: Tcc,
    private readonly check: RefundCheck,
    private readonly orders: OrdersParticipant,
    @InjectParticipant('inventory') private readonly inventory: Inventory,
    @InjectParticipant('payment') private readonly payment: Payment,
  ) {}

  /** @throws UnknownOrderError, AlreadyRefundedError, RefundInProgressError, NotRefundableError */
  @GlobalTransaction({ name: 'refund' })
  async refund(orderId: string): Promise<RefundReceipt> {
    const { id, customer, items, total, refundXid } = await this.check.refundable(orderId);
    await this.orders.refund(id, refundXid);
    await this.inventory.takeBack(items.map(({ sku, quantity }) => ({ sku, quantity })));
    await this.payment.refund(customer, total);
    return { orderId: id, xid: this.tcc.transaction.xid, status: 'refunded', total };
  }
}
