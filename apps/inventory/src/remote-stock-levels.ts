import type { Place } from '../../shared/src/queries/place.js';
import { isStorableText } from '../../shared/src/storable-text.js';
import type { StockLevel, StockLevels } from './contract.js';

/** Asks the inventory, wherever it is. */
export class RemoteStockLevels implements StockLevels {
  constructor(private readonly inventory: Place) {}

  async find(skus: readonly string[]): Promise<StockLevel[]> {
    const possible = skus.filter(isStorableText);
    return possible.length === 0 ? [] : this.inventory.ask<StockLevel[]>('stock-levels', { skus: possible });
  }

  ping(): Promise<void> {
    return this.inventory.ping();
  }
}
