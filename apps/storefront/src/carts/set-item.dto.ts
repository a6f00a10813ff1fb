import { IsInt, Max, Min } from 'class-validator';
import { LARGEST_QUANTITY } from '../orders/limits.js';

/** Body of `PUT /carts/:id/items/:sku`. */
export class SetItemDto {
  /** 0: none any more. */
  @IsInt()
  @Min(0)
  @Max(LARGEST_QUANTITY)
  quantity!: number;
}
