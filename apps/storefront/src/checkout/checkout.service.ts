import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { GlobalTransaction, InjectParticipant, Tcc } from 'nestjs-tcc';
import type { Inventory, Line } from '../../../inventory/src/contract.js';
import type { Payment } from '../../../payment/src/contract.js';
import { CartsService } from '../carts/carts.service.js';
import { EmptyCartError, PriceChangedError } from '../orders/order.errors.js';
import { OrdersParticipant } from '../orders/orders.participant.js';
import { totalOf } from '../orders/total.js';
import { QuoteService } from './quote.service.js';
import type { Receipt } from './receipt.js';

/** Turns wishes into orders: stock, money and the order itself, all of them or none. */
@Injectable()
export class CheckoutService {
  constructor(
    private readonly tcc: Tcc,
    private readonly carts: CartsService,
    private readonly quotes: QuoteService,
    private readonly orders: OrdersParticipant,
    @InjectParticipant('inventory') private readonly inventory: Inventory,
    @InjectParticipant('payment') private readonly payment: Payment,
  ) {}

  /**
   * The cart is read inside: a request that is repeated under its key gets its answer whatever the cart holds by now.
   *
   * @throws UnknownCartError, EmptyCartError, and what {@link order} throws
   */
  @GlobalTransaction({
    name: 'checkout',
    key: (_cartId: string, _customer: string, key: string | undefined) => key,
    fingerprint: (cartId: string, customer: string) => [cartId, customer],
  })
  async checkout(cartId: string, customer: string, _key: string | undefined): Promise<Receipt> {
    const lines = await this.carts.linesOf(cartId);
    if (lines.length === 0) throw new EmptyCartError(cartId);
    return this.place(customer, lines);
  }

  /**
   * @param lines one per sku, by sku
   * @throws UnknownSkuError, UnknownCustomerError, OutOfStockError, InsufficientFundsError, PriceChangedError
   */
  @GlobalTransaction({
    name: 'order',
    key: (_customer: string, _lines: readonly Line[], key: string | undefined) => key,
    fingerprint: (customer: string, lines: readonly Line[]) => [customer, lines],
  })
  async order(customer: string, lines: readonly Line[], _key: string | undefined): Promise<Receipt> {
    return this.place(customer, lines);
  }

  private async place(customer: string, lines: readonly Line[]): Promise<Receipt> {
    const quote = await this.quotes.quote(customer, lines);
    const total = totalOf(quote);
    const orderId = randomUUID();
    await this.orders.place({ id: orderId, customer, items: quote, total });
    const reserved = await this.inventory.reserve(lines);
    // The order says what the quote said: nobody pays another price than the one that it shows.
    if (reserved.some(({ price }, line) => price !== quote[line]?.price)) throw new PriceChangedError();
    await this.payment.authorize(customer, total);
    return { orderId, xid: this.tcc.transaction.xid, status: 'confirmed', total };
  }
}
