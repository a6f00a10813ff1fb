import { Injectable } from '@nestjs/common';
import { Cancel, Confirm, Participant, Tcc, Try } from 'nestjs-tcc';
import type { PricedLine } from '../../../inventory/src/contract.js';
import { change, mustHaveChanged } from '../../../shared/src/database/change.js';
import { RefundInProgressError } from './order.errors.js';

/** An order as it is placed. */
export interface OrderDraft {
  /** New for each attempt. */
  readonly id: string;
  readonly customer: string;
  readonly items: readonly PricedLine[];
  /** In cents. */
  readonly total: number;
}

/** Keeps the orders, as the first branch of every checkout and refund. */
@Injectable()
@Participant('orders', { effects: 'database' })
export class OrdersParticipant {
  constructor(private readonly tcc: Tcc) {}

  @Try()
  async place({ id, customer, items, total }: OrderDraft): Promise<void> {
    const { manager, idempotencyKey, xid } = this.tcc.branch;
    await manager.query(
      `insert into orders (id, branch, xid, customer, items, total, status) values ($1, $2, $3, $4, $5, $6, 'pending')`,
      [id, idempotencyKey, xid, customer, JSON.stringify(items), total],
    );
  }

  @Confirm('place')
  async confirm(): Promise<void> {
    await this.finish('confirmed');
  }

  @Cancel('place')
  async cancel(): Promise<void> {
    await this.finish('cancelled');
  }

  /**
   * Takes a confirmed order for a refund.
   *
   * @param seenRefund the transaction of the last refund that failed, as the caller has seen and judged it; null: none.
   * Part of the compare-and-set, or a refund that came and failed in between would go unjudged
   * @throws RefundInProgressError when another refund was faster
   */
  @Try()
  async refund(orderId: string, seenRefund: string | null): Promise<void> {
    const { manager, idempotencyKey, xid } = this.tcc.branch;
    const taken = await change(
      manager,
      `update orders set status = 'refunding', refund_branch = $2, refund_xid = $3
       where id = $1 and status = 'confirmed' and refund_xid is not distinct from $4::uuid
       returning id`,
      [orderId, idempotencyKey, xid, seenRefund],
    );
    if (taken.length === 0) throw new RefundInProgressError(orderId);
  }

  @Confirm('refund')
  async confirmRefund(): Promise<void> {
    await this.finishRefund('refunded');
  }

  /** `refund_xid` stays: the next refund waits until all branches of this one have settled. */
  @Cancel('refund')
  async cancelRefund(): Promise<void> {
    await this.finishRefund('confirmed');
  }

  private async finish(status: 'confirmed' | 'cancelled'): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    const rows = await change(
      manager,
      `update orders set status = $2 where branch = $1 and status = 'pending' returning id`,
      [idempotencyKey, status],
    );
    mustHaveChanged(rows, `the pending order of ${idempotencyKey}`);
  }

  private async finishRefund(status: 'refunded' | 'confirmed'): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    const rows = await change(
      manager,
      `update orders set status = $2, refund_branch = null where refund_branch = $1 and status = 'refunding' returning id`,
      [idempotencyKey, status],
    );
    mustHaveChanged(rows, `the order that ${idempotencyKey} refunds`);
  }
}
