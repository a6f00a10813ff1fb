import type { EntityManager } from 'typeorm';
import { change, mustHaveChanged } from '../../shared/src/database/change.js';
import { UnknownSkuError } from './errors/unknown-sku.error.js';
import type { Line, StockLevel } from './contract.js';

/** The three places where a thing can be. */
export type Place = 'available' | 'reserved' | 'sold';

type StockRow = Omit<StockLevel, 'price'> & { readonly price: string };

/**
 * Locks the rows of some skus, in the order of the skus: two orders of the same things in another order would
 * otherwise wait for each other.
 *
 * @returns them by sku
 * @throws UnknownSkuError
 */
export async function lockStock(manager: EntityManager, lines: readonly Line[]): Promise<Map<string, StockRow>> {
  const rows = await manager.query<StockRow[]>(
    `select sku, price, available, reserved, sold from stock where sku = any($1) order by sku for no key update`,
    [lines.map(({ sku }) => sku)],
  );
  const stock = new Map(rows.map((row) => [row.sku, row]));
  const unknown = lines.find(({ sku }) => !stock.has(sku));
  if (unknown) throw new UnknownSkuError(unknown.sku);
  return stock;
}

/** Moves all lines to `reserved` and notes for which branch. The rows are locked and hold enough. */
export async function hold(
  manager: EntityManager,
  branch: string,
  lines: readonly Line[],
  from: Exclude<Place, 'reserved'>,
): Promise<void> {
  const moved = await manager.query<{ sku: string }[]>(
    `with line as (
       insert into stock_hold (branch, sku, quantity)
       select $1, sku, quantity from unnest($2::text[], $3::int[]) as asked (sku, quantity)
       returning sku, quantity
     ), moved as (
       update stock set ${from} = ${from} - line.quantity, reserved = reserved + line.quantity
       from line where stock.sku = line.sku and stock.${from} >= line.quantity
       returning stock.sku
     )
     select sku from moved`,
    [branch, lines.map(({ sku }) => sku), lines.map(({ quantity }) => quantity)],
  );
  if (moved.length !== lines.length) throw new Error(`stock changed under its lock in ${branch}`);
}

/** Moves what a branch holds from `reserved` to where it belongs now. */
export async function unhold(manager: EntityManager, branch: string, to: Exclude<Place, 'reserved'>): Promise<void> {
  await manager.query(
    `select sku from stock where sku in (select sku from stock_hold where branch = $1) order by sku for no key update`,
    [branch],
  );
  const moved = await change(
    manager,
    `with line as (delete from stock_hold where branch = $1 returning sku, quantity)
     update stock set reserved = reserved - line.quantity, ${to} = ${to} + line.quantity
     from line where stock.sku = line.sku
     returning stock.sku`,
    [branch],
  );
  mustHaveChanged(moved, `the stock held by ${branch}`);
}
