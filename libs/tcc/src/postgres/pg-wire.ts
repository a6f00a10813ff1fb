import type { QueryResult } from 'pg';

/** Of pg's connection: what its own queries, pg-cursor and pg-query-stream send with. */
export interface Wire {
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

export type Answered = (error: Error | null | undefined, result?: QueryResult | QueryResult[]) => void;

/** pg's own query: it sends itself, up to a Sync, and is told what comes back. */
export interface OwnQuery {
  name?: string | undefined;
  readonly text: string;
  callback: Answered;
  binary?: boolean;
  readonly _result: { _types?: unknown };
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

type OwnQueryClass = new (
  statement: string | object,
  values: readonly unknown[] | undefined,
  callback: Answered,
) => OwnQuery;

/** What of a client in JavaScript only its own queries use. */
interface JavaScriptClient {
  readonly pipeline?: boolean;
  readonly connection?: Partial<Wire>;
  readonly constructor: { readonly Query?: OwnQueryClass };
}

/** A client whose messages can be put together by us. */
export interface Gathering {
  readonly Query: OwnQueryClass;
  /** The connection, but that what is sent through it is gathered: each write by itself would be a system call. */
  readonly wire: Wire;
  /** Sends what was gathered in one write. */
  flush(): void;
  /** Forgets it instead. */
  discard(): void;
  /** Sends as it is what {@link recorded} has returned. */
  append(messages: Buffer): void;
  /** What `send` sends, which is sent as well. */
  recorded(send: () => void): Buffer;
  /** Takes back the Sync with which a query of pg ends, so that the next one stands in the same transaction. */
  withoutSync(): void;
}

const gatherings = new WeakMap<object, Gathering | 'cannot'>();

/**
 * How to send several statements to a client as one, for queries that pg takes as it takes a cursor. Undefined for
 * pg-native, which has no connection of its own, and for clients that pipeline, which refuse all queries but pg's.
 */
export function gatheringOf(client: object): Gathering | undefined {
  let gathering = gatherings.get(client);
  if (!gathering) gatherings.set(client, (gathering = gatheringFor(client as JavaScriptClient)));
  return gathering === 'cannot' ? undefined : gathering;
}

function gatheringFor({ pipeline, connection, constructor: { Query } }: JavaScriptClient): Gathering | 'cannot' {
  const able =
    pipeline !== true &&
    typeof Query === 'function' &&
    typeof connection?.stream?.write === 'function' &&
    typeof connection.parse === 'function' &&
    typeof connection.bind === 'function' &&
    typeof connection.execute === 'function' &&
    typeof connection.close === 'function' &&
    typeof connection.sync === 'function';
  if (!able) return 'cannot';
  const { stream } = connection;
  const chunks: Buffer[] = [];
  const own = {
    writable: true,
    write: (chunk: Buffer) => chunks.push(chunk) > 0,
    cork: () => undefined,
    uncork: () => undefined,
  };
  return {
    Query,
    // A copy, not an object that inherits: V8 gives each object that is a prototype a hidden class of its own, and all
    // that pg does with its connections would be megamorphic.
    wire: Object.assign(Object.create(Object.getPrototypeOf(connection) as object), connection, {
      stream: own,
    }) as Wire,
    flush: () => {
      if (stream!.writable) stream!.write(Buffer.concat(chunks));
      chunks.length = 0;
    },
    discard: () => {
      chunks.length = 0;
    },
    append: (messages) => {
      chunks.push(messages);
    },
    recorded: (send) => {
      const before = chunks.length;
      send();
      return Buffer.concat(chunks.slice(before));
    },
    withoutSync: () => {
      chunks.pop();
    },
  };
}

/** After an error: a statement that was skipped with it has never been parsed, though pg has noted that it was sent. */
export function unsend({ parsedStatements, submittedNamedStatements }: Wire, { name }: OwnQuery): void {
  if (name && !parsedStatements?.[name]) delete submittedNamedStatements?.[name];
}
