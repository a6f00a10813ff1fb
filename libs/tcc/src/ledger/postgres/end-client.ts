import type pg from 'pg';

/** How long a server may take to close a connection that says goodbye. */
const GOODBYE_MS = 1_000;

/** Private in pg. */
interface ClientInternals {
  readonly connection?: { readonly stream?: { destroy(): void } };
}

/** Ends a connection, also one that was lost without a word, which would be waited for until TCP gives it up. Never rejects. */
export async function endClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => (client as unknown as ClientInternals).connection?.stream?.destroy(), GOODBYE_MS);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}
