/** On one line. Any shop would be out of stock; a hundred lines of it still fit the columns and a total in cents. */
export const LARGEST_QUANTITY = 1_000_000;
/** Of one order. */
export const MOST_LINES = 100;
