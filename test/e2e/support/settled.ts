import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseServer } from '../../../apps/shared/src/database/database-server.js';
import { checkSettled, checkSums, openTransactions } from '../../../apps/storefront/src/demo/checks.js';
import { takeSnapshot, type Snapshot } from '../../../apps/storefront/src/demo/snapshot.js';

const ACCOUNTS = [
  { customer: 'alice', balance: 1_000_000, held: 0, captured: 0 },
  { customer: 'bob', balance: 2_000, held: 0, captured: 0 },
];
const STOCK = [
  { sku: 'book', available: 10_000, reserved: 0, sold: 0 },
  { sku: 'lamp', available: 5, reserved: 0, sold: 0 },
  { sku: 'phone', available: 50, reserved: 0, sold: 0 },
];

/** What a new shop holds. */
export const SEEDED: Snapshot = { stock: STOCK, accounts: ACCOUNTS, orders: [], transactions: [], holds: 0, parked: 0 };

/** Waits until nothing is owed and gives what there is then; fails after that time: pauses between attempts double. */
export async function settled(server: DatabaseServer, withinMs = 55_000): Promise<Snapshot> {
  for (const giveUpAt = performance.now() + withinMs; ; await pause(100)) {
    const now = await takeSnapshot(server);
    if (openTransactions(now).length === 0) return now;
    if (performance.now() > giveUpAt) throw new Error(`unsettled: ${JSON.stringify(now.transactions.slice(-20))}`);
  }
}

/** Once nothing is owed: every sum is the seed's, nothing is held, and the four places agree. */
export async function expectConsistent(server: DatabaseServer, withinMs?: number): Promise<Snapshot> {
  const now = await settled(server, withinMs);
  expect([...checkSums(SEEDED, now), ...checkSettled(now)]).toEqual([]);
  return now;
}
