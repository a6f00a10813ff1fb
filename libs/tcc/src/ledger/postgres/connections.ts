import pg from 'pg';
import { LedgerFailure } from '../ledger-failure.js';
import { endClient } from './end-client.js';
import { failureOf, sparesConnection } from './failure-of.js';
import type { PostgresLedgerOptions } from './postgres-ledger.options.js';

/** The server gives up first: its answer says that nothing happened, ours only that we stopped listening. */
const CLIENT_GRACE_MS = 500;
const DEFAULT_CONNECTIONS = 4;

/**
 * Every statement here finds its rows by an index, and is to be planned once. Otherwise each flush plans all of its
 * statements anew, for the length of each array, which costs more than running them; and the plan that is made while the
 * tables are nearly empty reads all of them, until statistics are gathered. Not every engine knows these settings.
 */
const PLANNING =
  `select set_config(name, case name when 'plan_cache_mode' then 'force_generic_plan' else 'off' end, false) ` +
  `from pg_settings where name in ('plan_cache_mode', 'enable_seqscan')`;

/** Nothing to do: whoever uses the connection gets the error, and the pool replaces the connection. */
const heard = (): void => undefined;

/** The ledger's connections: one that only flushes use, so that recovery cannot stand in a decision's way, and others. */
export class Connections {
  private readonly flushes: pg.Pool;
  private readonly others: pg.Pool;

  constructor(private readonly options: PostgresLedgerOptions) {
    const max = Math.max(2, options.pool.max ?? DEFAULT_CONNECTIONS);
    this.flushes = this.pool(1);
    this.others = this.pool(max - 1);
  }

  /** @throws LedgerFailure */
  flush<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return use(this.flushes, work);
  }

  /** Everything but flushes. @throws LedgerFailure */
  other<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    return use(this.others, work);
  }

  /**
   * A connected client outside the pools: for migrations and LISTEN. The caller ends it.
   *
   * @param patience `endless`: a statement may take as long as it takes
   * @throws LedgerFailure
   */
  async single(patience: 'endless' | 'limited'): Promise<pg.Client> {
    const client = new pg.Client({ ...this.config(), ...(patience === 'endless' && { query_timeout: undefined }) });
    client.on('error', heard);
    try {
      await client.connect();
      await client.query(sessionSettings(this.options));
      if (patience === 'endless') await client.query('set statement_timeout = 0');
      return client;
    } catch (error) {
      await endClient(client);
      throw new LedgerFailure('unavailable', error);
    }
  }

  async end(): Promise<void> {
    await Promise.all([this.flushes.end(), this.others.end()]);
  }

  private config(): pg.PoolConfig {
    const { pool, timeoutMs } = this.options;
    return {
      application_name: 'nestjs-tcc',
      keepAlive: true,
      connectionTimeoutMillis: timeoutMs,
      ...pool,
      query_timeout: timeoutMs + CLIENT_GRACE_MS,
    };
  }

  private pool(max: number): pg.Pool {
    const settings = sessionSettings(this.options);
    const pool = new pg.Pool({
      ...this.config(),
      max,
      min: 0,
      verify: (client, done) => {
        client.query(settings, (error?: Error) => done(error ?? undefined));
      },
    });
    pool.on('error', heard);
    // A connection in use reports its end a second time, on the client itself: without a listener the process dies.
    pool.on('connect', (client) => client.on('error', heard));
    return pool;
  }
}

async function use<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw new LedgerFailure('unavailable', error);
  }
  try {
    const value = await work(client);
    client.release();
    return value;
  } catch (error) {
    const failure = failureOf(error);
    // A late answer to a query that was given up would be read as the answer to the next one.
    client.release(failure.kind === 'unknown' || !sparesConnection(failure.cause));
    throw failure;
  }
}

/**
 * What each connection is set to before its first use. READ COMMITTED whatever the role's default: the protocol judges
 * rows as they are once locked, which a snapshot taken before would hide.
 */
function sessionSettings({ schema, timeoutMs }: PostgresLedgerOptions): string {
  const searchPath = schema === undefined ? '' : `; set search_path = ${pg.escapeIdentifier(schema)}`;
  return (
    `set statement_timeout = ${timeoutMs}; set idle_in_transaction_session_timeout = ${timeoutMs}; ` +
    `set default_transaction_isolation = 'read committed'; ${PLANNING}${searchPath}`
  );
}
