import { Body, Controller, Get, HttpCode, Inject, Post } from '@nestjs/common';
import { IsArray, IsString } from 'class-validator';
import { STOCK_LEVELS, type StockLevel, type StockLevels } from '../contract.js';

/** Body of `POST /stock-levels`: a list of names is too long for an address. */
class StockQuestion {
  @IsArray()
  @IsString({ each: true })
  skus!: string[];
}

/** What the storefront asks over HTTP. */
@Controller()
export class StockController {
  constructor(@Inject(STOCK_LEVELS) private readonly stock: StockLevels) {}

  @Post('stock-levels')
  @HttpCode(200)
  levels(@Body() { skus }: StockQuestion): Promise<StockLevel[]> {
    return this.stock.find(skus);
  }

  @Get('health')
  async health(): Promise<{ status: 'ok' }> {
    await this.stock.ping();
    return { status: 'ok' };
  }
}
