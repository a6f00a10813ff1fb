/** Private in pg. */
interface ClientInternals {
  readonly connection?: { readonly stream?: { destroy(): void } };
}

/**
 * Drops a client's connection at once, whatever is under way on it: what waits for an answer is rejected. `end()` says
 * goodbye first, and on a connection that was lost without a word nothing ever answers.
 *
 * @returns false for a client that keeps its socket to itself (pg-native)
 */
export function destroyStream(client: object): boolean {
  const stream = (client as ClientInternals).connection?.stream;
  stream?.destroy();
  return stream !== undefined;
}
