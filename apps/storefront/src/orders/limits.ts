/** Of one sku in one order. */
export const LARGEST_QUANTITY = 1_000;
/** Of one order. */
export const MOST_LINES = 100;
