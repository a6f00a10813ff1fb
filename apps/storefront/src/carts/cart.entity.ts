import { CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A row of `cart`. */
@Entity('cart')
export class CartEntity {
  @PrimaryColumn({ type: 'uuid' })
  id!: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt!: Date;
}
