import { Body, Controller, Get, Param, Post, Put } from '@nestjs/common';
import { CartsService, type CartView } from './carts.service.js';
import { SetItemDto } from './set-item.dto.js';

@Controller('carts')
export class CartsController {
  constructor(private readonly carts: CartsService) {}

  @Post()
  create(): Promise<CartView> {
    return this.carts.create();
  }

  @Get(':id')
  view(@Param('id') id: string): Promise<CartView> {
    return this.carts.view(id);
  }

  @Put(':id/items/:sku')
  setItem(@Param('id') id: string, @Param('sku') sku: string, @Body() { quantity }: SetItemDto): Promise<CartView> {
    return this.carts.setItem(id, sku, quantity);
  }
}
