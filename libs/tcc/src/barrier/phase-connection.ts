import type { PoolClient, QueryResult } from 'pg';
import type { QueryRunner } from 'typeorm';
import type { BarrierStatus } from '../core/barrier-ruling.js';
import type { OpeningStatement } from './barrier-sql.js';
import { destroyStream } from '../postgres/destroy-stream.js';
import { CommitQuery } from './commit-query.js';
import { canLead, OpeningQuery } from './opening-query.js';

/** Private in TypeORM (0.3 and 1.x): gives the connection back with an error, so that the pool destroys it. */
type GiveBack = (this: QueryRunner, error?: Error) => Promise<void>;

/** Private in TypeORM (0.3 and 1.x): `connectedQueryRunners` are released when the DataSource is closed. */
interface RunnerInternals {
  readonly driver?: { readonly connectedQueryRunners?: unknown[] };
}

const CONFLICTS = new Set(['40001', '40P01']);

/** Whether Postgres gave up a transaction that may succeed when it is run again. */
export const isConflict = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && CONFLICTS.has((error as { code?: string }).code ?? '');

/** The tag of a COMMIT that did commit. */
const COMMITTED = 'COMMIT';

/** A prepared statement is not there, or is there already. */
const UNPREPARED = new Set(['26000', '42P05']);

/** Where the server finds that the table of a prepared statement has changed; the error's code says less. */
const REVALIDATION = 'RevalidateCachedQuery';

function outdatedBy(error: Error): 'session' | 'table' | undefined {
  const { code, routine } = error as { code?: string; routine?: string };
  if (routine === REVALIDATION) return 'table';
  return UNPREPARED.has(code ?? '') ? 'session' : undefined;
}

/** Answer of one statement; of several in one string: one each. */
export type RawAnswer = QueryResult | QueryResult[];

/** What came of an opening and the statement behind it. */
export interface LedAnswer {
  /** False: the statement cannot be sent as it is, and nothing was. */
  readonly sent: boolean;
  /** Whether the opening succeeded. */
  readonly opened: boolean;
  /** What the barrier statement has moved the row to. */
  readonly moved: BarrierStatus | undefined;
  /** Of the statement; where the opening failed: of that. */
  readonly answer: { readonly value: RawAnswer } | { readonly error: unknown };
}

/** The connection of one phase, below everything that nests and queues: sends, and knows whether it can be used again. */
export class PhaseConnection {
  /** A statement ended in 40001 or 40P01, and no savepoint has undone that since. */
  conflict = false;

  /**
   * A statement that we had prepared does not fit any more: it is not there, or is there already (`session`: a pooler
   * gives each transaction another one), or its table has changed (`table`).
   */
  outdated: 'session' | 'table' | undefined;

  private underWay = 0;
  private idled: (() => void) | undefined;
  private failure: Error | undefined;
  private released = false;
  private loss: Promise<void> | undefined;
  private announceLoss: (() => void) | undefined;
  // As they are before the runner joins its phase, after which nobody but us may release it.
  private readonly giveBack: GiveBack | undefined;
  private readonly releaseRunner: QueryRunner['release'];

  /**
   * @param runner not routed: of the DataSource's pool
   * @param client that it has connected
   */
  constructor(
    readonly runner: QueryRunner,
    readonly client: PoolClient,
  ) {
    this.giveBack = (runner as { releasePostgresConnection?: GiveBack }).releasePostgresConnection;
    this.releaseRunner = (runner as { release: QueryRunner['release'] }).release;
    client.on('error', this.onError);
    // A joined runner's own release does nothing, and TypeORM would ask it for ever when the DataSource is closed.
    const own = this.connected.lastIndexOf(runner);
    if (own >= 0) this.connected[own] = this;
  }

  /** Resolves when the connection has died; never otherwise. */
  get lost(): Promise<void> {
    return (this.loss ??= this.failure ? Promise.resolve() : new Promise((resolve) => (this.announceLoss = resolve)));
  }

  /** Whether {@link lead} works on it. */
  get canLead(): boolean {
    return canLead(this.client);
  }

  /** Sends at once. Callers take turns: pg deprecates a second query while one is under way. */
  async send(statement: string | object, values?: unknown[]): Promise<RawAnswer> {
    this.begin();
    try {
      return (await this.client.query(statement as string, values)) as RawAnswer;
    } catch (error) {
      if (isConflict(error)) this.conflict = true;
      throw error;
    } finally {
      this.end();
    }
  }

  /** Sends a statement of the barrier's own. As {@link send}, without what pg does to show who has sent it. */
  command(sql: string): Promise<RawAnswer> {
    return this.ask<RawAnswer>((answered) => this.client.query(sql, answered));
  }

  /** Sends COMMIT. Resolves to false where Postgres has rolled back instead, since a statement had failed before. */
  commit(): Promise<boolean> {
    if (!this.canLead) return this.command('commit').then((answer) => (answer as QueryResult).command === COMMITTED);
    return this.ask<boolean>((answered) =>
      this.client.query(new CommitQuery((error, done) => answered(error, done === COMMITTED))),
    );
  }

  /**
   * Sends an opening and the first statement behind it in one round trip. Rejects where the connection has died.
   *
   * @param generation of what is prepared on the connection; undefined: nothing is
   */
  lead(
    opening: readonly OpeningStatement[],
    generation: number | undefined,
    text: string,
    values: readonly unknown[],
  ): Promise<LedAnswer> {
    return new Promise((resolve) => {
      this.begin();
      let answered = false;
      const query: OpeningQuery = new OpeningQuery(this.client, opening, generation, text, values, (error, value) => {
        // A second time when the pool's query_timeout has passed.
        if (answered) return;
        answered = true;
        this.end();
        const { sent, opened, moved } = query;
        if (error) {
          if (isConflict(error)) this.conflict = true;
          if (sent && query.isPrepared) this.outdated ??= outdatedBy(error);
        }
        resolve({ sent, opened, moved, answer: error ? { error } : { value: value! } });
      });
      this.client.query(query);
    });
  }

  /** Resolves when nothing is under way. */
  idle(): Promise<void> {
    return this.underWay === 0 ? Promise.resolve() : new Promise((resolve) => (this.idled = resolve));
  }

  /** Gives the connection back; destroys it where its state is not known for sure. */
  release(reason?: Error): Promise<void> {
    this.released = true;
    const own = this.connected.indexOf(this);
    if (own >= 0) this.connected.splice(own, 1);
    const broken = reason ?? this.failure;
    this.client.removeListener('error', this.onError);
    const { runner, giveBack } = this;
    // A pool does not take back a client that is ending.
    if (broken && !giveBack) (this.client as unknown as { end(): Promise<void> }).end().catch(() => undefined);
    const released = giveBack ? giveBack.call(runner, broken) : this.releaseRunner.call(runner);
    // TypeORM would report a released runner with an error of its own; PhaseEndedError says what happened.
    (runner as { isReleased: boolean }).isReleased = false;
    return released;
  }

  /**
   * Drops the connection at once, whatever is under way on it: what waits for an answer is rejected. For one that may
   * have been lost without a word, on which nothing would ever end.
   */
  drop(reason: Error): void {
    if (this.released) return;
    this.failure ??= reason;
    this.announceLoss?.();
    if (!destroyStream(this.client)) (this.client as unknown as { end(): Promise<void> }).end().catch(() => undefined);
  }

  private get connected(): unknown[] {
    return (this.runner as RunnerInternals).driver?.connectedQueryRunners ?? [];
  }

  private ask<T>(send: (answered: (error: Error | null | undefined, answer: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      this.begin();
      send((error, answer) => {
        this.end();
        if (error && isConflict(error)) this.conflict = true;
        if (error) reject(error);
        else resolve(answer);
      });
    });
  }

  private begin(): void {
    // pg would only say that the client is not queryable; why it died tells a time limit from a fail-over.
    if (this.failure) throw this.failure;
    this.underWay += 1;
  }

  private end(): void {
    this.underWay -= 1;
    if (this.underWay === 0) this.idled?.();
  }

  private readonly onError = (error: Error): void => {
    // The server's last word, then the closed socket: the first one is the reason.
    this.failure ??= error;
    this.announceLoss?.();
  };
}
