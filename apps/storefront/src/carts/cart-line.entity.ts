import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A row of `cart_line`. */
@Entity('cart_line')
export class CartLineEntity {
  @PrimaryColumn({ name: 'cart_id', type: 'uuid' })
  cartId!: string;

  @PrimaryColumn({ type: 'text' })
  sku!: string;

  @Column({ type: 'int' })
  quantity!: number;
}
