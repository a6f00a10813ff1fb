import type { TransactionStatus } from 'nestjs-tcc';
import { orderStatus, type OrderRowStatus, type OrderStatus } from './order-status.js';

const LEDGER = ['trying', 'confirming', 'confirmed', 'cancelling', 'cancelled', undefined] as const;

describe('status of an order', () => {
  it.each<[OrderRowStatus, readonly OrderStatus[]]>([
    ['pending', ['pending', 'confirmed', 'confirmed', 'cancelled', 'cancelled', 'pending']],
    ['refunding', ['confirmed', 'refunded', 'refunded', 'confirmed', 'confirmed', 'confirmed']],
    ['confirmed', Array<OrderStatus>(6).fill('confirmed')],
    ['cancelled', Array<OrderStatus>(6).fill('cancelled')],
    ['refunded', Array<OrderStatus>(6).fill('refunded')],
  ])('%s, by what the ledger says', (row, expected) => {
    expect(LEDGER.map((ledger: TransactionStatus | undefined) => orderStatus(row, ledger))).toEqual(expected);
  });
});
