import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { PricedLine } from '../../../inventory/src/contract.js';
import { safeIntegerColumn } from '../../../shared/src/database/safe-integer.js';
import type { OrderRowStatus } from './order-status.js';

/** A row of `orders`. */
@Entity('orders')
export class OrderEntity {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  /** Key of the branch that placed it: confirm and cancel find it by this, never by its id. */
  @Column({ type: 'text' })
  branch!: string;

  /** The global transaction that placed it. */
  @Column({ type: 'uuid' })
  xid!: string;

  @Column({ type: 'text' })
  customer!: string;

  @Column({ type: 'json' })
  items!: readonly PricedLine[];

  /** In cents. */
  @Column({ type: 'bigint', transformer: safeIntegerColumn })
  total!: number;

  @Column({ type: 'text' })
  status!: OrderRowStatus;

  /** Key of the branch that refunds it; null while there is none. */
  @Column({ name: 'refund_branch', type: 'text', nullable: true })
  refundBranch!: string | null;

  /** The last global transaction that refunds it or has tried to. */
  @Column({ name: 'refund_xid', type: 'uuid', nullable: true })
  refundXid!: string | null;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
