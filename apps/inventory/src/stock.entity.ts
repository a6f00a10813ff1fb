import { Column, Entity, PrimaryColumn } from 'typeorm';
import { safeIntegerColumn } from '../../shared/src/database/safe-integer.js';
import type { StockLevel } from './contract.js';

/** A row of `stock`. */
@Entity('stock')
export class StockEntity implements StockLevel {
  @PrimaryColumn({ type: 'text' })
  sku!: string;

  @Column({ type: 'bigint', transformer: safeIntegerColumn })
  price!: number;

  @Column({ type: 'int' })
  available!: number;

  @Column({ type: 'int' })
  reserved!: number;

  @Column({ type: 'int' })
  sold!: number;
}
