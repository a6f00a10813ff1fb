import { isCancelled, isConfirmed, type TransactionStatus } from 'nestjs-tcc';

/** What the row says. `refunding`: a refund has taken it and is not settled. */
export type OrderRowStatus = 'pending' | 'confirmed' | 'cancelled' | 'refunding' | 'refunded';

/** What customers are told. */
export type OrderStatus = 'pending' | 'confirmed' | 'cancelled' | 'refunded';

/**
 * The row lags behind the ledger while phase two is owed: what is decided counts, for it will be so.
 *
 * @param ledger of the transaction that is to move the row on (the one that placed it, or refunds it); undefined: none
 */
export function orderStatus(row: OrderRowStatus, ledger: TransactionStatus | undefined): OrderStatus {
  switch (row) {
    case 'pending':
      if (ledger !== undefined && isConfirmed(ledger)) return 'confirmed';
      return ledger !== undefined && isCancelled(ledger) ? 'cancelled' : 'pending';
    case 'refunding':
      return ledger !== undefined && isConfirmed(ledger) ? 'refunded' : 'confirmed';
    case 'confirmed':
    case 'cancelled':
    case 'refunded':
      return row;
  }
}
