// What the storefront knows of the inventory: this file only, so that the inventory may run anywhere.

/** How many of a sku. */
export interface Line {
  readonly sku: string;
  /** Whole, at least 1. */
  readonly quantity: number;
}

/** A line at the price it was reserved at. */
export interface PricedLine extends Line {
  /** Of one, in cents. */
  readonly price: number;
}

/** One sku's stock. `available + reserved + sold` never changes. */
export interface StockLevel {
  readonly sku: string;
  /** Of one, in cents. */
  readonly price: number;
  readonly available: number;
  readonly reserved: number;
  readonly sold: number;
}

/** The participant `inventory`. Each try takes all lines or none. */
export interface Inventory {
  /**
   * Available becomes reserved; when confirmed: sold.
   *
   * @returns the lines with the prices that hold from now on
   * @throws UnknownSkuError, OutOfStockError
   */
  reserve(lines: readonly Line[]): Promise<PricedLine[]>;

  /**
   * Sold becomes reserved; when confirmed: available.
   *
   * @throws UnknownSkuError, NotSoldError
   */
  takeBack(lines: readonly Line[]): Promise<void>;
}

/** Reads stock, outside any transaction. */
export interface StockLevels {
  /** @returns the levels of those skus that exist */
  find(skus: readonly string[]): Promise<StockLevel[]>;

  /** Resolves when the inventory answers. */
  ping(): Promise<void>;
}

/** Injection token of {@link StockLevels}. {@link Inventory} is injected with `@InjectParticipant('inventory')`. */
export const STOCK_LEVELS = Symbol('STOCK_LEVELS');
