import { Type } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, IsArray, IsInstance, IsInt, Max, Min, ValidateNested } from 'class-validator';
import { IsStorableText } from '../../../shared/src/http/is-storable-text.js';
import { LARGEST_QUANTITY, MOST_LINES } from '../orders/limits.js';

/** Body of `POST /carts/:id/checkout`. */
export class CheckoutDto {
  @IsStorableText()
  customer!: string;
}

/** How many of a sku. */
export class ItemDto {
  @IsStorableText()
  sku!: string;

  @IsInt()
  @Min(1)
  @Max(LARGEST_QUANTITY)
  quantity!: number;
}

/** Body of `POST /orders`. */
export class OrderDto {
  @IsStorableText()
  customer!: string;

  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(MOST_LINES)
  @IsInstance(ItemDto, { each: true }) // a list in the list would count as checked when what it holds is
  @ValidateNested({ each: true })
  @Type(() => ItemDto)
  items!: ItemDto[];
}
