import type { Snapshot } from './snapshot.js';

/** Transactions that are not settled. */
export const openTransactions = ({ transactions }: Snapshot): string[] =>
  transactions.filter(({ status }) => !['confirmed', 'cancelled'].includes(status)).map(({ xid }) => xid);

/**
 * What must hold whatever happened: nothing came from nowhere or went there.
 *
 * @returns what is wrong, in words; empty when nothing is
 */
export function checkSums(start: Snapshot, now: Snapshot): string[] {
  const wrong: string[] = [];
  if (!now.stock || !now.accounts || !start.stock || !start.accounts) return ['a database is away'];
  for (const { sku, available, reserved, sold } of now.stock) {
    const before = start.stock.find((row) => row.sku === sku);
    const sum = available + reserved + sold;
    const expected = before && before.available + before.reserved + before.sold;
    if (sum !== expected) wrong.push(`${sku}: available + reserved + sold is ${sum} and was ${expected}`);
  }
  for (const { customer, balance, held, captured } of now.accounts) {
    const before = start.accounts.find((row) => row.customer === customer);
    const sum = balance + held + captured;
    const expected = before && before.balance + before.held + before.captured;
    if (sum !== expected) wrong.push(`${customer}: balance + held + captured is ${sum} and was ${expected}`);
  }
  if (now.stock.length !== start.stock.length) wrong.push('a sku has come or gone');
  if (now.accounts.length !== start.accounts.length) wrong.push('an account has come or gone');
  return wrong;
}

/**
 * What must hold once nothing is under way: nothing is held, and stock and accounts say exactly what the orders say.
 *
 * @returns what is wrong, in words; empty when nothing is
 */
export function checkSettled(now: Snapshot): string[] {
  const { stock, accounts, orders, transactions } = now;
  if (!stock || !accounts) return ['a database is away'];
  const wrong: string[] = [];
  for (const xid of openTransactions(now)) wrong.push(`transaction ${xid} is not settled`);
  if (now.parked > 0) wrong.push(`${now.parked} branches are parked`);
  if (now.holds > 0) wrong.push(`${now.holds} holds are left`);
  for (const { sku, reserved } of stock) if (reserved !== 0) wrong.push(`${reserved} of ${sku} are reserved`);
  for (const { customer, held } of accounts) if (held !== 0) wrong.push(`${held} cents of ${customer} are held`);

  const statuses = new Map(transactions.map(({ xid, status }) => [xid, status]));
  for (const { id, xid, status } of orders) {
    const ledger = statuses.get(xid);
    const expected = ledger === 'cancelled' ? ['cancelled'] : ['confirmed', 'refunded'];
    if (ledger === undefined || !expected.includes(status)) {
      wrong.push(`order ${id} is ${status} and its transaction ${ledger ?? 'missing'}`);
    }
  }
  const sold = orders.filter(({ status }) => status === 'confirmed');
  for (const row of stock) {
    const ordered = sold.flatMap(({ items }) => items).filter(({ sku }) => sku === row.sku);
    const expected = ordered.reduce((sum, { quantity }) => sum + quantity, 0);
    if (row.sold !== expected) wrong.push(`${row.sold} of ${row.sku} are sold and ${expected} are in orders`);
  }
  for (const { customer, captured } of accounts) {
    const expected = sold.filter((order) => order.customer === customer).reduce((sum, { total }) => sum + total, 0);
    if (captured !== expected) wrong.push(`${customer} has paid ${captured} cents and the orders say ${expected}`);
  }
  return wrong;
}
