import { Body, Controller, Headers, Param, Post } from '@nestjs/common';
import { CheckoutDto, OrderDto } from './checkout.dto.js';
import { CheckoutService } from './checkout.service.js';
import { idempotencyKey } from './idempotency-key.js';
import { mergeLines } from './merge-lines.js';
import type { Receipt } from './receipt.js';

@Controller()
export class CheckoutController {
  constructor(private readonly checkouts: CheckoutService) {}

  @Post('carts/:id/checkout')
  checkout(
    @Param('id') cartId: string,
    @Body() { customer }: CheckoutDto,
    @Headers('idempotency-key') key: string | undefined,
  ): Promise<Receipt> {
    return this.checkouts.checkout(cartId, customer, idempotencyKey(key));
  }

  @Post('orders')
  order(@Body() { customer, items }: OrderDto, @Headers('idempotency-key') key: string | undefined): Promise<Receipt> {
    return this.checkouts.order(customer, mergeLines(items), idempotencyKey(key));
  }
}
