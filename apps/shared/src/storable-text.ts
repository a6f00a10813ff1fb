/** Longer than every name that people give to things. */
const LONGEST = 200;

// Postgres refuses \u0000; the other control characters and half surrogates are no part of any name.
const NAME = /^[^\p{Cc}\p{Cs}]+$/u;

/** Whether a text can be the name of something in a database. One that cannot needs no look-up: nothing has it. */
export const isStorableText = (value: unknown): value is string =>
  typeof value === 'string' && value.length <= LONGEST && NAME.test(value);

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether a text can be compared with a column of type uuid without an error. */
export const isUuid = (value: string): boolean => UUID.test(value);
