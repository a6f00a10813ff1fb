/**
 * What is known of a ledger call that failed.
 *
 * - `unavailable`: it took no effect, and the store may be back later (refused connection, shutting down, read-only).
 * - `unknown`: the connection was lost after it was sent; it may have taken effect or still do so.
 * - `conflict`: deadlock or serialization failure; it took no effect, send the whole again.
 * - `rejected`: it took no effect and never will; one of its rows is at fault.
 */
export type FailureKind = 'unavailable' | 'unknown' | 'conflict' | 'rejected';

/**
 * The only error that a {@link LedgerPort} rejects with.
 *
 * @publicApi
 */
export class LedgerFailure extends Error {
  override readonly name = 'LedgerFailure';

  constructor(
    readonly kind: FailureKind,
    cause: unknown,
  ) {
    super(`ledger: ${kind}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}
