import { Inject, Injectable } from '@nestjs/common';
import { STOCK_LEVELS, type Line, type PricedLine, type StockLevels } from '../../../inventory/src/contract.js';
import { UnknownSkuError } from '../../../inventory/src/errors/unknown-sku.error.js';
import { ACCOUNTS, type Accounts } from '../../../payment/src/contract.js';
import { UnknownCustomerError } from '../../../payment/src/errors/unknown-customer.error.js';

/** What an order would cost now. Finds out as well that it is about nothing, before anything is reserved for it. */
@Injectable()
export class QuoteService {
  constructor(
    @Inject(STOCK_LEVELS) private readonly stock: StockLevels,
    @Inject(ACCOUNTS) private readonly accounts: Accounts,
  ) {}

  /** @throws UnknownSkuError, UnknownCustomerError */
  async quote(customer: string, lines: readonly Line[]): Promise<PricedLine[]> {
    const [account, stock] = await Promise.all([
      this.accounts.find(customer),
      this.stock.find(lines.map(({ sku }) => sku)),
    ]);
    if (!account) throw new UnknownCustomerError(customer);
    const prices = new Map(stock.map(({ sku, price }) => [sku, price]));
    return lines.map(({ sku, quantity }) => {
      const price = prices.get(sku);
      if (price === undefined) throw new UnknownSkuError(sku);
      return { sku, quantity, price };
    });
  }
}
