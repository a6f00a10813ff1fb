/**
 * A bigint column as a number: the driver hands it over as text.
 *
 * @throws RangeError when it is too large to be counted in exactly
 */
export function safeInteger(value: string | number): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`${value} is no safe integer`);
  return number;
}

/** For `@Column({ type: 'bigint', transformer })`. */
export const safeIntegerColumn = { to: (value: number): number => value, from: safeInteger };
