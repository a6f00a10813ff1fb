import type { Submittable } from 'pg';
import { gatheringOf, unsend, type Answered, type Gathering, type OwnQuery, type Wire } from '../postgres/pg-wire.js';
import type { BarrierStatus } from '../core/barrier-ruling.js';
import { movedBy, type OpeningStatement } from './barrier-sql.js';
import { RepeatedStatements } from './repeated-statements.js';

/** What is kept of a connection, for all the openings that it carries. */
interface Carrier {
  readonly gathering: Gathering;
  readonly prepared: Prepared;
  readonly repeated: RepeatedStatements;
}

const carriers = new WeakMap<object, Carrier>();

/** Whether a client can carry an {@link OpeningQuery}. */
export const canLead = (client: object): boolean => gatheringOf(client) !== undefined;

function carrierOf(client: object): Carrier {
  let carrier = carriers.get(client);
  if (!carrier) {
    carrier = { gathering: gatheringOf(client)!, prepared: new Map(), repeated: new RepeatedStatements() };
    carriers.set(client, carrier);
  }
  return carrier;
}

/** By name, those with which a prepared statement without parameters is run. */
const messages = new Map<string, Buffer>();

/** `perhaps`: its opening failed somewhere behind the Parse. */
type Prepared = Map<string, 'prepared' | 'perhaps'>;

/**
 * The opening of a phase and the first statement of its business code in one round trip and one write, with one Sync
 * behind them all: if the opening fails the server skips the rest, where a pipeline of separate queries would run the
 * statement outside the transaction that was never begun.
 *
 * For pg it is one query, as a cursor is.
 */
export class OpeningQuery implements Submittable {
  /** What the barrier statement, the last one of the opening, has moved the row to. */
  moved: BarrierStatus | undefined;

  private returned: unknown;
  private readonly own: OwnQuery;
  private completed = 0;
  /** Whether any statement of the opening has not been prepared before. */
  private isNew = false;
  private submitting = false;
  private refused: Error | null = null;
  private readonly carrier: Carrier;
  private readonly prepared: Prepared | undefined;

  /**
   * @param client one that {@link canLead}
   * @param generation statements are prepared under names of their own; in another generation anew. Undefined: not at
   * all, behind a pooler that gives each transaction another session
   */
  constructor(
    client: object,
    private readonly opening: readonly OpeningStatement[],
    generation: number | undefined,
    text: string,
    values: readonly unknown[],
    answered: Answered,
  ) {
    this.carrier = carrierOf(client);
    this.own = new this.carrier.gathering.Query(text, values, (error, result) => {
      // Where a value cannot be sent pg tells the query at once.
      if (this.submitting) this.refused = error ?? null;
      else answered(error, result);
    });
    if (generation === undefined) return;
    this.prepared = this.carrier.prepared;
    this.own.name = this.carrier.repeated.nameOf(text, generation);
  }

  /** Whether it failed, if it did, at a statement that we have prepared. */
  get isPrepared(): boolean {
    return this.opened ? this.own.name !== undefined : this.prepared !== undefined;
  }

  /** Whether anything was sent. */
  get sent(): boolean {
    return this.refused === null;
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

  submit(): Error | null {
    const { gathering } = this.carrier;
    this.submitting = true;
    for (const statement of this.opening) this.send(gathering, statement);
    this.refused = this.own.submit(gathering.wire) ?? this.refused;
    this.submitting = false;
    if (this.refused) gathering.discard();
    else gathering.flush();
    return this.refused;
  }

  private send(gathering: Gathering, statement: OpeningStatement): void {
    const state = this.prepared?.get(statement.name);
    const isAlwaysTheSame = state === 'prepared' && statement.values.length === 0;
    if (!isAlwaysTheSame) return this.sendNew(gathering.wire, statement, state);
    const known = messages.get(statement.name);
    if (known) gathering.append(known);
    else
      messages.set(
        statement.name,
        gathering.recorded(() => this.sendNew(gathering.wire, statement, state)),
      );
  }

  private sendNew(
    wire: Wire,
    { name, text, values }: OpeningStatement,
    state: 'prepared' | 'perhaps' | undefined,
  ): void {
    const { prepared } = this;
    const statement = prepared ? name : '';
    if (state !== 'prepared') this.isNew = true;
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
    else this.returned = message.fields[0];
  }

  handleCommandComplete(message: { readonly text: string }, wire: Wire): void {
    if (this.opened) return this.own.handleCommandComplete(message, wire);
    const statement = this.opening[this.completed]!;
    if (this.isNew) this.prepared?.set(statement.name, 'prepared');
    this.completed += 1;
    if (this.opened) this.moved = movedBy(statement, touched(message.text), this.returned);
  }

  handleError(error: Error, wire: Wire): void {
    unsend(wire, this.own);
    this.own.handleError(error, wire);
  }

  handleReadyForQuery(wire: Wire): void {
    this.own.handleReadyForQuery(wire);
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

/** Whether a completed command has touched a row, by its tag: `INSERT 0 1`, `UPDATE 1`. */
const touched = (tag: string): boolean => !tag.endsWith(' 0');
