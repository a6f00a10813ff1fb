import { randomUUID } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import type { Repository } from 'typeorm';
import { STOCK_LEVELS, type Line, type PricedLine, type StockLevels } from '../../../inventory/src/contract.js';
import { UnknownSkuError } from '../../../inventory/src/errors/unknown-sku.error.js';
import { isUuid } from '../../../shared/src/storable-text.js';
import { totalOf } from '../orders/total.js';
import { CartLineEntity } from './cart-line.entity.js';
import { CartEntity } from './cart.entity.js';
import { UnknownCartError } from './unknown-cart.error.js';

/** A cart at today's prices. */
export interface CartView {
  readonly id: string;
  readonly lines: readonly PricedLine[];
  /** In cents. */
  readonly total: number;
}

/** Carts are wishes: nothing in them is reserved. */
@Injectable()
export class CartsService {
  constructor(
    @InjectRepository(CartEntity) private readonly carts: Repository<CartEntity>,
    @InjectRepository(CartLineEntity) private readonly lines: Repository<CartLineEntity>,
    @Inject(STOCK_LEVELS) private readonly stock: StockLevels,
  ) {}

  /** A new, empty one. */
  async create(): Promise<CartView> {
    const id = randomUUID();
    await this.carts.insert({ id });
    return { id, lines: [], total: 0 };
  }

  /** @throws UnknownCartError */
  async view(id: string): Promise<CartView> {
    const lines = await this.linesOf(id);
    const prices = new Map((await this.stock.find(lines.map(({ sku }) => sku))).map(({ sku, price }) => [sku, price]));
    const priced = lines.flatMap(({ sku, quantity }) => {
      const price = prices.get(sku);
      return price === undefined ? [] : [{ sku, quantity, price }];
    });
    return { id, lines: priced, total: totalOf(priced) };
  }

  /**
   * @param quantity 0 takes the line out
   * @throws UnknownCartError, UnknownSkuError
   */
  async setItem(id: string, sku: string, quantity: number): Promise<CartView> {
    await this.mustExist(id);
    if ((await this.stock.find([sku])).length === 0) throw new UnknownSkuError(sku);
    if (quantity === 0) await this.lines.delete({ cartId: id, sku });
    else await this.lines.upsert({ cartId: id, sku, quantity }, ['cartId', 'sku']);
    return this.view(id);
  }

  /** What is in it, by sku. @throws UnknownCartError */
  async linesOf(id: string): Promise<Line[]> {
    await this.mustExist(id);
    const lines = await this.lines.find({ where: { cartId: id }, order: { sku: 'ASC' } });
    return lines.map(({ sku, quantity }) => ({ sku, quantity }));
  }

  private async mustExist(id: string): Promise<void> {
    if (!isUuid(id) || !(await this.carts.existsBy({ id }))) throw new UnknownCartError(id);
  }
}
