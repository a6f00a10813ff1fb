import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Money of one owner. The sum of balance, held and gone never changes. */
@Entity()
export class Wallet {
  @PrimaryColumn({ type: 'text' })
  owner!: string;

  @Column({ type: 'int' })
  balance!: number;

  @Column({ type: 'int', default: 0 })
  held!: number;

  @Column({ type: 'int', default: 0 })
  gone!: number;
}

/** What a branch has reserved, keyed by the branch. */
@Entity()
export class Hold {
  @PrimaryColumn({ type: 'text' })
  key!: string;

  @Column({ type: 'text' })
  owner!: string;

  @Column({ type: 'int' })
  amount!: number;
}
