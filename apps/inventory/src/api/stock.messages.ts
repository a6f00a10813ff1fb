import { Controller, Inject, type Type } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { answering } from '../../../shared/src/queries/answering.js';
import { patternOf } from '../../../shared/src/queries/place.js';
import { STOCK_LEVELS, type StockLevel, type StockLevels } from '../contract.js';

/** What the storefront asks over a Nest transport. */
export function stockMessages(service: string): Type {
  @Controller()
  class StockMessages {
    constructor(@Inject(STOCK_LEVELS) private readonly stock: StockLevels) {}

    @MessagePattern(patternOf(service, 'stock-levels'))
    levels(@Payload() { skus }: { skus: readonly string[] }): Promise<StockLevel[]> {
      return answering(this.stock.find(skus));
    }

    @MessagePattern(patternOf(service, 'ping'))
    ping(): Promise<boolean> {
      return answering(this.stock.ping().then(() => true));
    }
  }
  return StockMessages;
}
