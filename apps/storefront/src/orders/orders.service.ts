import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Tcc } from 'nestjs-tcc';
import type { Repository } from 'typeorm';
import type { PricedLine } from '../../../inventory/src/contract.js';
import { isUuid } from '../../../shared/src/storable-text.js';
import { orderStatus, type OrderStatus } from './order-status.js';
import { OrderEntity } from './order.entity.js';
import { UnknownOrderError } from './order.errors.js';

/** What customers see of an order. */
export interface OrderView {
  readonly id: string;
  /** The global transaction that placed it. */
  readonly xid: string;
  readonly customer: string;
  readonly items: readonly PricedLine[];
  /** In cents. */
  readonly total: number;
  readonly status: OrderStatus;
}

/** Reads orders, and what has become of them. */
@Injectable()
export class OrdersService {
  constructor(
    @InjectRepository(OrderEntity) private readonly orders: Repository<OrderEntity>,
    private readonly tcc: Tcc,
  ) {}

  /** @throws UnknownOrderError */
  async view(id: string): Promise<OrderView> {
    const row = await this.row(id);
    const { xid, customer, items, total } = row;
    return { id: row.id, xid, customer, items, total, status: await this.statusOf(row) };
  }

  /** @throws UnknownOrderError */
  async row(id: string): Promise<OrderEntity> {
    const row = isUuid(id) ? await this.orders.findOneBy({ id }) : null;
    if (!row) throw new UnknownOrderError(id);
    return row;
  }

  /** What the order amounts to while phase two may be owed. */
  async statusOf({ status, xid, refundXid }: OrderEntity): Promise<OrderStatus> {
    // The row first, then the ledger: a decision never changes, so what it says now fits the row that was read before.
    const mover = status === 'pending' ? xid : status === 'refunding' ? refundXid : null;
    return orderStatus(status, mover === null ? undefined : (await this.tcc.outcome(mover))?.status);
  }
}
