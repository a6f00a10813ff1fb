/**
 * Turns arguments and results into text for the ledger and back. Replace it to encrypt or compress, for instance by
 * wrapping {@link defaultPayloadCodec}.
 *
 * @publicApi
 */
export interface PayloadCodec {
  /** @throws any error to refuse the value: it becomes a `PayloadError`, before the try runs. */
  encode(value: unknown): string;
  /** @throws any error when the text cannot be read: the branch is parked. */
  decode(text: string): unknown;
}
