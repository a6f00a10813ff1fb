import type { PoolConfig } from 'pg';

/**
 * Where the ledger is and how patient it is.
 *
 * @publicApi
 */
export interface PostgresLedgerOptions {
  /** As for `pg.Pool`. `max` (default 4) counts all connections: one for flushes, the rest for recovery and reads. */
  readonly pool: PoolConfig;
  /** How the user names this database, for errors. */
  readonly database: string;
  /** Where the tables are; default: what the role's `search_path` says. */
  readonly schema?: string;
  readonly migrations: 'run' | 'check';
  /**
   * How long one statement may take, in milliseconds: on the server, so that an orphaned backend frees its locks, and
   * on the client, which then drops the connection. A caller that sends again must be more patient than that.
   */
  readonly timeoutMs: number;
  /** Given what the operator should know, in one sentence. */
  readonly warn: (message: string) => void;
}
