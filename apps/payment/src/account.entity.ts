import { Column, Entity, PrimaryColumn } from 'typeorm';
import { safeIntegerColumn } from '../../shared/src/database/safe-integer.js';
import type { Account } from './contract.js';

/** A row of `account`. */
@Entity('account')
export class AccountEntity implements Account {
  @PrimaryColumn({ type: 'text' })
  customer!: string;

  @Column({ type: 'bigint', transformer: safeIntegerColumn })
  balance!: number;

  @Column({ type: 'bigint', transformer: safeIntegerColumn })
  held!: number;

  @Column({ type: 'bigint', transformer: safeIntegerColumn })
  captured!: number;
}
