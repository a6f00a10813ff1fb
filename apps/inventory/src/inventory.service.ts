import { Injectable } from '@nestjs/common';
import { Cancel, Confirm, Participant, Tcc, Try } from 'nestjs-tcc';
import { safeInteger } from '../../shared/src/database/safe-integer.js';
import type { Inventory, Line, PricedLine } from './contract.js';
import { NotSoldError } from './errors/not-sold.error.js';
import { OutOfStockError } from './errors/out-of-stock.error.js';
import { hold, lockStock, unhold } from './stock-moves.js';

/** Keeps the stock. What a branch holds is keyed by the branch, never by an order: a second attempt may overlap it. */
@Injectable()
@Participant('inventory', { dataSource: 'inventory', effects: 'database' })
export class InventoryService implements Inventory {
  constructor(private readonly tcc: Tcc) {}

  @Try()
  async reserve(lines: readonly Line[]): Promise<PricedLine[]> {
    const { manager, idempotencyKey } = this.tcc.branch;
    const stock = await lockStock(manager, lines);
    for (const { sku, quantity } of lines) {
      const { available } = stock.get(sku)!;
      if (available < quantity) throw new OutOfStockError(sku, quantity, available);
    }
    await hold(manager, idempotencyKey, lines, 'available');
    return lines.map(({ sku, quantity }) => ({ sku, quantity, price: safeInteger(stock.get(sku)!.price) }));
  }

  @Confirm('reserve')
  async sell(): Promise<void> {
    await unhold(this.tcc.branch.manager, this.tcc.branch.idempotencyKey, 'sold');
  }

  @Cancel('reserve')
  async release(): Promise<void> {
    await unhold(this.tcc.branch.manager, this.tcc.branch.idempotencyKey, 'available');
  }

  @Try()
  async takeBack(lines: readonly Line[]): Promise<void> {
    const { manager, idempotencyKey } = this.tcc.branch;
    const stock = await lockStock(manager, lines);
    for (const { sku, quantity } of lines) {
      const { sold } = stock.get(sku)!;
      if (sold < quantity) throw new NotSoldError(sku, quantity, sold);
    }
    await hold(manager, idempotencyKey, lines, 'sold');
  }

  @Confirm('takeBack')
  async restock(): Promise<void> {
    await unhold(this.tcc.branch.manager, this.tcc.branch.idempotencyKey, 'available');
  }

  @Cancel('takeBack')
  async keepSold(): Promise<void> {
    await unhold(this.tcc.branch.manager, this.tcc.branch.idempotencyKey, 'sold');
  }
}
