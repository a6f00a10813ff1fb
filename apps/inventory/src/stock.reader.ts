import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { In, type Repository } from 'typeorm';
import { isStorableText } from '../../shared/src/storable-text.js';
import type { StockLevel, StockLevels } from './contract.js';
import { StockEntity } from './stock.entity.js';

/** Reads what is committed. */
@Injectable()
export class StockReader implements StockLevels {
  constructor(@InjectRepository(StockEntity, 'inventory') private readonly stock: Repository<StockEntity>) {}

  async find(skus: readonly string[]): Promise<StockLevel[]> {
    const rows = await this.stock.findBy({ sku: In(skus.filter(isStorableText)) });
    return rows.map(({ sku, price, available, reserved, sold }) => ({ sku, price, available, reserved, sold }));
  }

  async ping(): Promise<void> {
    await this.stock.query('select 1');
  }
}
