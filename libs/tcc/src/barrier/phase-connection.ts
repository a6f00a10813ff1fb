import type { PoolClient, QueryResult } from 'pg';
import type { QueryRunner } from 'typeorm';

/** Private in TypeORM (0.3 and 1.x): gives the connection back with an error, so that the pool destroys it. */
interface PostgresRunnerInternals {
  releasePostgresConnection?(error: Error): Promise<void>;
}

/** Private in pg. */
interface ClientInternals {
  readonly connection?: { readonly stream?: { destroy(): void } };
}

const CONFLICTS = new Set(['40001', '40P01']);

/** Whether Postgres gave up a transaction that may succeed when it is run again. */
export const isConflict = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && CONFLICTS.has((error as { code?: string }).code ?? '');

/** Answer of one statement; of several in one string: one each. */
export type RawAnswer = QueryResult | QueryResult[];

/** The connection of one phase, below everything that nests and queues: sends, and knows whether it can be used again. */
export class PhaseConnection {
  /** Resolves when the connection has died; never otherwise. */
  readonly lost: Promise<void>;

  /** A statement ended in 40001 or 40P01, and no savepoint has undone that since. */
  conflict = false;

  private inFlight: Promise<unknown> = Promise.resolve();
  private failure: Error | undefined;
  private released = false;
  private announceLoss!: () => void;

  private constructor(
    readonly runner: QueryRunner,
    readonly client: PoolClient,
  ) {
    this.lost = new Promise((resolve) => (this.announceLoss = resolve));
    client.on('error', this.onError);
  }

  /** @param runner not routed: of the DataSource's pool */
  static async open(runner: QueryRunner): Promise<PhaseConnection> {
    const client = (await runner.connect()) as PoolClient;
    return new PhaseConnection(runner, client);
  }

  /** Sends at once. Callers take turns: pg deprecates a second query while one is under way. */
  send(statement: string | object, values?: unknown[]): Promise<RawAnswer> {
    // pg would only say that the client is not queryable; why it died tells a time limit from a fail-over.
    if (this.failure) return Promise.reject(this.failure);
    const answer = this.client.query(statement as string, values) as Promise<RawAnswer>;
    this.inFlight = answer.catch((error: unknown) => {
      if (isConflict(error)) this.conflict = true;
    });
    return answer;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    await this.inFlight;
  }

  /** Gives the connection back; destroys it where its state is not known for sure. */
  async release(reason?: Error): Promise<void> {
    this.released = true;
    const broken = reason ?? this.failure;
    this.client.removeListener('error', this.onError);
    if (!broken) return this.runner.release();
    const internals = this.runner as unknown as PostgresRunnerInternals;
    if (internals.releasePostgresConnection) return internals.releasePostgresConnection(broken);
    // A pool does not take back a client that is ending.
    (this.client as unknown as { end(): Promise<void> }).end().catch(() => undefined);
    return this.runner.release();
  }

  /**
   * Drops the connection at once, whatever is under way on it: what waits for an answer is rejected. For one that may
   * have been lost without a word, on which nothing would ever end.
   */
  drop(reason: Error): void {
    if (this.released) return;
    this.failure ??= reason;
    this.announceLoss();
    const { connection } = this.client as unknown as ClientInternals;
    // Not end(): on a pipelined client it waits for the answers.
    if (connection?.stream) connection.stream.destroy();
    else (this.client as unknown as { end(): Promise<void> }).end().catch(() => undefined);
  }

  private readonly onError = (error: Error): void => {
    // The server's last word, then the closed socket: the first one is the reason.
    this.failure ??= error;
    this.announceLoss();
  };
}
