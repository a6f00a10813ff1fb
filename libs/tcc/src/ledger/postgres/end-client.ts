import type pg from 'pg';
import { destroyStream } from '../../postgres/destroy-stream.js';

/** How long a server may take to close a connection that says goodbye. */
const GOODBYE_MS = 1_000;

/** Ends a connection, also one that was lost without a word, which would be waited for until TCP gives it up. Never rejects. */
export async function endClient(client: pg.Client): Promise<void> {
  const timer = setTimeout(() => destroyStream(client), GOODBYE_MS);
  await client.end().catch(() => undefined);
  clearTimeout(timer);
}
