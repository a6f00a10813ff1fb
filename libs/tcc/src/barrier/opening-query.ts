import type { QueryResult, Submittable } from 'pg';
import type { OpeningStatement } from './barrier-sql.js';
import { RepeatedStatements } from './repeated-statements.js';

/** Of pg's connection: what its own queries, pg-cursor and pg-query-stream send with. */
interface Wire {
  readonly stream: { readonly writable: boolean; write(chunk: Buffer): boolean };
  /** By name, what has been parsed and (pg >= 8.23) what has been sent to be. */
  readonly parsedStatements?: Record<string, string>;
  readonly submittedNamedStatements?: Record<string, string>;
  parse(message: { text: string; name: string; types: unknown[] }): void;
  bind(message: { portal: string; statement: string; values: readonly string[]; binary: boolean }): void;
  execute(message: { portal: string }): void;
  close(message: { type: 'S'; name: string }): void;
  sync(): void;
}

type Answered = (error: Error | null | undefined, result?: QueryResult | QueryResult[]) => void;

/** pg's own query: it sends itself, up to a Sync, and is told what comes back. */
interface OwnQuery {
  name?: string | undefined;
  readonly text: string;
  callback: Answered;
  binary?: boolean;
  readonly _result: unknown;
  submit(wire: Wire): Error | null;
  handleRowDescription(message: unknown): void;
  handleDataRow(message: unknown): void;
  handleCommandComplete(message: unknown, wire: Wire): void;
  handleError(error: Error, wire: Wire): void;
  handleReadyForQuery(wire: Wire): void;
  handleEmptyQuery(wire: Wire): void;
  handlePortalSuspended(wire: Wire): void;
  handleCopyInResponse(wire: Wire): void;
  handleCopyData(message: unknown): void;
}

interface JavaScriptClient {
  readonly pipeline?: boolean;
  readonly connection?: Partial<Wire>;
  readonly constructor: {
    readonly Query?: new (text: string, values: readonly unknown[], callback: Answered) => OwnQuery;
  };
}

/** Forgets the business statements that a client has prepared: their plans no longer fit the tables. */
export function forgetStatements(client: object): void {
  const carrier = carriers.get(client);
  if (carrier && carrier !== 'cannot') carrier.repeated.forget();
}

/** `perhaps`: its opening failed somewhere behind the Parse. */
type Prepared = Map<string, 'prepared' | 'perhaps'>;

/** What is kept of a connection, for all the openings that it carries. */
interface Carrier {
  readonly prepared: Prepared;
  readonly repeated: RepeatedStatements;
  /** The connection, but that what is sent through it is gathered: each write by itself would be a system call. */
  readonly gathering: Wire;
  readonly chunks: Buffer[];
}

const carriers = new WeakMap<object, Carrier | 'cannot'>();

/**
 * Whether a client can carry an {@link OpeningQuery}: not pg-native, which has no connection of its own, nor one that
 * pipelines, which refuses all queries but pg's.
 */
export const canLead = (client: object): boolean => carrierOf(client) !== 'cannot';

function carrierOf(client: object): Carrier | 'cannot' {
  let carrier = carriers.get(client);
  if (!carrier) carriers.set(client, (carrier = carrierFor(client as JavaScriptClient)));
  return carrier;
}

function carrierFor({ pipeline, connection, constructor }: JavaScriptClient): Carrier | 'cannot' {
  const able =
    pipeline !== true &&
    typeof constructor.Query === 'function' &&
    typeof connection?.stream?.write === 'function' &&
    typeof connection.parse === 'function' &&
    typeof connection.bind === 'function' &&
    typeof connection.execute === 'function' &&
    typeof connection.close === 'function' &&
    typeof connection.sync === 'function';
  if (!able) return 'cannot';
  const chunks: Buffer[] = [];
  const stream = {
    writable: true,
    write: (chunk: Buffer) => chunks.push(chunk) > 0,
    cork: () => undefined,
    uncork: () => undefined,
  };
  const gathering = Object.create(connection, { stream: { value: stream } }) as Wire;
  return { prepared: new Map(), repeated: new RepeatedStatements(), gathering, chunks };
}

/**
 * The opening of a phase and the first statement of its business code in one round trip and one write, with one Sync
 * behind them all: if the opening fails the server skips the rest, where a pipeline of separate queries would run the
 * statement outside the transaction that was never begun.
 *
 * For pg it is one query, as a cursor is.
 */
export class OpeningQuery implements Submittable {
  /** What the last statement of the opening returned first, if it returned a row. */
  moved: string | undefined;

  private readonly own: OwnQuery;
  private completed = 0;
  private refused: Error | null = null;
  private readonly carrier: Carrier;
  private readonly prepared: Prepared | undefined;

  /**
   * @param client one that {@link canLead}
   * @param prepares whether the opening's statements are prepared under their names: not behind a pooler that gives
   * each transaction another session
   */
  constructor(
    client: object,
    private readonly opening: readonly OpeningStatement[],
    prepares: boolean,
    text: string,
    values: readonly unknown[],
    answered: Answered,
  ) {
    this.own = new (client as JavaScriptClient).constructor.Query!(text, values, answered);
    this.carrier = carrierOf(client) as Carrier;
    if (!prepares) return;
    this.prepared = this.carrier.prepared;
    this.own.name = this.carrier.repeated.nameOf(text);
  }

  /** Whether all of the opening has succeeded. */
  get opened(): boolean {
    return this.completed === this.opening.length;
  }

  // pg notes under the name of the query what the server has parsed: ours we note ourselves.
  get name(): string | undefined {
    return this.opened ? this.own.name : undefined;
  }
  get text(): string | undefined {
    return this.opened ? this.own.text : undefined;
  }
  // What pg sets on a query before it submits it is meant for the business statement.
  get callback(): Answered {
    return this.own.callback;
  }
  set callback(answered: Answered) {
    this.own.callback = answered;
  }
  get binary(): boolean | undefined {
    return this.own.binary;
  }
  set binary(binary: boolean) {
    this.own.binary = binary;
  }
  get _result(): unknown {
    return this.own._result;
  }

  submit(connection: object): void {
    const { stream } = connection as Wire;
    const { gathering, chunks } = this.carrier;
    for (const statement of this.opening) this.send(gathering, statement);
    this.refused = this.own.submit(gathering);
    if (this.refused) gathering.sync();
    if (stream.writable) stream.write(Buffer.concat(chunks));
    chunks.length = 0;
  }

  private send(wire: Wire, { name, text, values }: OpeningStatement): void {
    const { prepared } = this;
    const state = prepared?.get(name);
    const statement = prepared ? name : '';
    if (state === 'perhaps') wire.close({ type: 'S', name });
    if (state !== 'prepared') wire.parse({ text, name: statement, types: [] });
    if (state === undefined) prepared?.set(name, 'perhaps');
    wire.bind({ portal: '', statement, values, binary: false });
    wire.execute({ portal: '' });
  }

  handleRowDescription(message: unknown): void {
    this.own.handleRowDescription(message);
  }

  handleDataRow(message: { readonly fields: readonly unknown[] }): void {
    if (this.opened) this.own.handleDataRow(message);
    else this.moved = String(message.fields[0]);
  }

  handleCommandComplete(message: unknown, wire: Wire): void {
    if (this.opened) return this.own.handleCommandComplete(message, wire);
    this.prepared?.set(this.opening[this.completed]!.name, 'prepared');
    this.completed += 1;
    // Only the row of the last statement tells of the branch.
    if (!this.opened) this.moved = undefined;
  }

  handleError(error: Error, wire: Wire): void {
    const { name } = this.own;
    // Skipped with the rest: it has never been parsed.
    if (name && !wire.parsedStatements?.[name]) delete wire.submittedNamedStatements?.[name];
    this.own.handleError(error, wire);
  }

  handleReadyForQuery(wire: Wire): void {
    if (this.refused) this.own.handleError(this.refused, wire);
    else this.own.handleReadyForQuery(wire);
  }

  handleEmptyQuery(wire: Wire): void {
    this.own.handleEmptyQuery(wire);
  }

  handlePortalSuspended(wire: Wire): void {
    this.own.handlePortalSuspended(wire);
  }

  handleCopyInResponse(wire: Wire): void {
    this.own.handleCopyInResponse(wire);
  }

  handleCopyData(message: unknown): void {
    this.own.handleCopyData(message);
  }
}
