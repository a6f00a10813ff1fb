import type { ClientBase, QueryResult, Submittable } from 'pg';
import { gatheringOf, unsend, type Gathering, type OwnQuery, type Wire } from './pg-wire.js';

/** What is prepared under its name when a connection runs it first. */
interface NamedStatement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

/** Of {@link runInOneSync}: the results, one for each statement. */
type AllAnswered = (error: Error | null | undefined, results?: readonly QueryResult[]) => void;

/**
 * Runs statements as one transaction in one round trip and one write: behind them stands one Sync, and up to there
 * Postgres takes them for a transaction (protocol, "Pipelining"). BEGIN and COMMIT would cost as much as two statements
 * more. None may depend on what another returns.
 *
 * @param client in JavaScript, not pipelined
 * @throws the first error: then nothing took effect, unless the connection was lost
 */
export function runInOneSync(
  client: ClientBase,
  statements: readonly NamedStatement[],
): Promise<readonly QueryResult[]> {
  return new Promise((resolve, reject) => {
    const query = new OneSyncQuery(gatheringOf(client)!, statements, (error, results) => {
      if (error) reject(error);
      else resolve(results!);
    });
    client.query(query);
  });
}

/** For pg it is one query, as a cursor is. */
class OneSyncQuery implements Submittable {
  private readonly queries: readonly OwnQuery[];
  private readonly results: QueryResult[] = [];
  private failure: Error | undefined;
  private completed = 0;

  /** @param callback pg replaces it by one of its own where queries have a time limit */
  constructor(
    private readonly gathering: Gathering,
    statements: readonly NamedStatement[],
    public callback: AllAnswered,
  ) {
    const answered = (error: Error | null | undefined, result?: QueryResult | QueryResult[]): void => {
      if (error) this.failure ??= error;
      else this.results.push(result as QueryResult);
    };
    this.queries = statements.map(({ name, text, values }) => {
      // Given as one object it would be copied with all its descriptors, which takes longer than to send it.
      const query = new gathering.Query(text, values, answered);
      query.name = name;
      return query;
    });
  }

  // pg notes under the name of the query what the server has parsed.
  get name(): string | undefined {
    return this.queries[this.completed]?.name;
  }
  get text(): string | undefined {
    return this.queries[this.completed]?.text;
  }

  submit(): Error | null {
    const { gathering, queries } = this;
    for (const [index, query] of queries.entries()) {
      // Where a value cannot be sent pg tells the query at once, and would go on with the others.
      const refused = query.submit(gathering.wire) ?? this.failure;
      if (refused) {
        gathering.discard();
        for (const each of queries) unsend(gathering.wire, each);
        return refused;
      }
      if (index < queries.length - 1) gathering.withoutSync();
    }
    gathering.flush();
    return null;
  }

  handleRowDescription(message: unknown): void {
    this.queries[this.completed]?.handleRowDescription(message);
  }

  handleDataRow(message: unknown): void {
    this.queries[this.completed]?.handleDataRow(message);
  }

  handleCommandComplete(message: unknown, wire: Wire): void {
    this.queries[this.completed]?.handleCommandComplete(message, wire);
    this.completed += 1;
  }

  handleError(error: Error, wire: Wire): void {
    for (const query of this.queries) unsend(wire, query);
    this.callback(this.failure ?? error);
  }

  handleReadyForQuery(wire: Wire): void {
    for (const query of this.queries) query.handleReadyForQuery(wire);
    this.callback(this.failure, this.results);
  }
}
