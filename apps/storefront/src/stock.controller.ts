import { Controller, Get, Inject, Param } from '@nestjs/common';
import { STOCK_LEVELS, type StockLevel, type StockLevels } from '../../inventory/src/contract.js';
import { UnknownSkuError } from '../../inventory/src/errors/unknown-sku.error.js';

@Controller('stock')
export class StockController {
  constructor(@Inject(STOCK_LEVELS) private readonly stock: StockLevels) {}

  @Get(':sku')
  async level(@Param('sku') sku: string): Promise<StockLevel> {
    const [level] = await this.stock.find([sku]);
    if (!level) throw new UnknownSkuError(sku);
    return level;
  }
}
