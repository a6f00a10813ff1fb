/** For messages of errors and reasons, in bytes of UTF-8. */
export const LONGEST_MESSAGE_BYTES = 4096;
/** For codes and names that are only shown, in bytes of UTF-8. */
export const LONGEST_LABEL_BYTES = 255;

const CUT = '…';

/**
 * A text that any store takes: shown to people, so a poisoned character costs its own shape and never the write.
 *
 * `\u0000` (Postgres has none in text) becomes its visible symbol `␀`, half a surrogate pair becomes `\uFFFD`, and what
 * is longer than `maxBytes` of UTF-8 ends with `…` after a whole character.
 *
 * @param maxBytes at least 3
 */
export function showable(text: string, maxBytes: number): string {
  // One UTF-16 unit is at least one byte: cutting first bounds the work for a message of many megabytes.
  const whole = text
    .slice(0, maxBytes + 1)
    .replaceAll('\u0000', '␀')
    .toWellFormed();
  if (Buffer.byteLength(whole) <= maxBytes) return whole;
  const bytes = Buffer.from(whole);
  let end = maxBytes - Buffer.byteLength(CUT);
  // Bytes 10xxxxxx go on with a character.
  while (end > 0 && ((bytes[end] ?? 0) & 0b1100_0000) === 0b1000_0000) end--;
  return bytes.toString('utf8', 0, end) + CUT;
}

/** Whether UTF-8 text columns keep a text exactly: without `\u0000` and without half a surrogate pair. */
export const isKeptExactly = (text: string): boolean => !text.includes('\u0000') && text.isWellFormed();
