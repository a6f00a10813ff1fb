/** Entries in an order that does not tell when each came. */
export const sorted = (entries: Iterable<unknown>): readonly string[] =>
  [...entries].map((entry) => JSON.stringify(entry)).sort();
