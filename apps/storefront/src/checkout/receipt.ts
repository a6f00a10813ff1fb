/** What a customer gets for an order. */
export interface Receipt {
  readonly orderId: string;
  readonly xid: string;
  readonly status: 'confirmed';
  /** In cents. */
  readonly total: number;
}
