import { Controller, Get, Param, Post } from '@nestjs/common';
import { RefundService, type RefundReceipt } from '../refund/refund.service.js';
import { OrdersService, type OrderView } from './orders.service.js';

@Controller('orders')
export class OrdersController {
  constructor(
    private readonly orders: OrdersService,
    private readonly refunds: RefundService,
  ) {}

  @Get(':id')
  view(@Param('id') id: string): Promise<OrderView> {
    return this.orders.view(id);
  }

  @Post(':id/refund')
  refund(@Param('id') id: string): Promise<RefundReceipt> {
    return this.refunds.refund(id);
  }
}
