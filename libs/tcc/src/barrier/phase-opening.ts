import type { QueryResult } from 'pg';
import type { BarrierStatus } from '../core/barrier-ruling.js';
import { promised } from '../core/promised.js';
import { inOneString, movedBy, type OpeningStatement } from './barrier-sql.js';
import type { LedAnswer, PhaseConnection, RawAnswer } from './phase-connection.js';

/** What a phase asks its opening for. */
export interface OpeningPlan {
  /** The statements, made when they are about to be sent. May throw: then nothing is sent. */
  readonly statements: () => readonly OpeningStatement[];
  /** Of what is prepared on the connections: another one is prepared anew. Undefined: nothing is prepared. */
  readonly generation: number | undefined;
  /** Called when they have succeeded, before anything else is sent. */
  readonly opened: () => Promise<void> | undefined;
  /** Whether the business code runs, given what the barrier statement moved the row to. */
  readonly runs: (moved: BarrierStatus | undefined) => boolean;
}

/** Why the first statement of business code that had been started ahead of the barrier's answer has none of its own. */
class NotToRun extends Error {}

/**
 * BEGIN, its settings and the barrier statement of one phase: by themselves, or, where business code may start ahead of
 * the barrier's answer, together with its first statement. Where the answer is that it must not run, that statement
 * rejects, and what it did is to be rolled back. Those behind it never get an answer: code that waits for the first one
 * only would leave their rejections unheard, and Node ends a process for that.
 */
export class PhaseOpening {
  /** The barrier statement's answer; undefined as long as there is none, and where it moved no row. */
  moved: BarrierStatus | undefined;
  /** Why there is no open transaction. */
  failure: { readonly error: unknown } | undefined;
  state: 'unsent' | 'sent' | 'open' | 'not to run' = 'unsent';
  /** Called when it is known that the phase is not to run. */
  notToRun: (error: Error) => void = () => undefined;

  private sending: Promise<unknown> | undefined;
  private readonly statements: OpeningPlan['statements'];
  private readonly generation: OpeningPlan['generation'];
  private readonly opened: OpeningPlan['opened'];
  private readonly runs: OpeningPlan['runs'];

  constructor(
    private readonly connection: PhaseConnection,
    { statements, generation, opened, runs }: OpeningPlan,
  ) {
    // The plan itself is not kept: V8 would take it for long-lived (docs/performance.md).
    this.statements = statements;
    this.generation = generation;
    this.opened = opened;
    this.runs = runs;
  }

  /** Sends the opening alone, in one round trip. @throws why it failed */
  alone(): Promise<void> {
    const sending = this.sendAlone();
    this.sending = sending;
    return sending;
  }

  /** Sees to it that the phase has been opened. @throws why it could not be, or that it is not to run */
  async done(): Promise<void> {
    if (this.state === 'unsent') await this.alone();
    // Business code need not have awaited what it sent.
    else if (this.state === 'sent') await this.sending?.catch(() => undefined);
    this.assertRuns();
  }

  /** Before a statement that goes alone. @throws as {@link done} */
  before(): Promise<void> {
    return this.state === 'not to run' ? unanswered() : this.done();
  }

  /**
   * Sends a statement of business code, the first one behind the opening where both fit into one round trip.
   *
   * @throws what the statement threw; why the opening failed, or that the phase is not to run
   */
  with(statement: string | object, values: unknown[] | undefined): Promise<RawAnswer> {
    // Several statements in one string, or one with a name, do not fit behind it; an empty one pg sends otherwise.
    const fits = typeof statement === 'string' && statement !== '' && values !== undefined && values.length > 0;
    if (this.state !== 'unsent' || !fits || !this.connection.canLead) {
      return this.before().then(() => this.connection.send(statement, values));
    }
    const sending = this.lead(statement, values);
    this.sending = sending;
    return sending;
  }

  private async sendAlone(): Promise<void> {
    try {
      const statements = this.statements();
      this.state = 'sent';
      const results = (await this.connection.send(inOneString(statements))) as QueryResult<{ status: BarrierStatus }>[];
      const pause = this.opened();
      if (pause) await pause;
      const last = statements.length - 1;
      this.rule(movedBy(statements[last]!, (results[last]?.rowCount ?? 0) > 0, results[last]?.rows[0]?.status));
    } catch (error) {
      throw this.failed(error);
    }
  }

  private lead(statement: string, values: readonly unknown[]): Promise<RawAnswer> {
    const leading = promised(() => {
      const statements = this.statements();
      this.state = 'sent';
      return this.connection.lead(statements, this.generation, statement, values);
    });
    return leading.then(
      (led) => this.led(led),
      (error: unknown) => {
        throw this.failed(error);
      },
    );
  }

  private led(led: LedAnswer): RawAnswer | Promise<RawAnswer> {
    if (!led.sent) this.state = 'unsent';
    else if (!led.opened && 'error' in led.answer) throw this.failed(led.answer.error);
    else {
      const pause = this.opened();
      if (pause) return this.ledAfter(pause, led);
      return this.judge(led);
    }
    return answerOf(led);
  }

  private async ledAfter(pause: Promise<void>, led: LedAnswer): Promise<RawAnswer> {
    await pause.catch((error: unknown) => {
      throw this.failed(error);
    });
    return this.judge(led);
  }

  private judge(led: LedAnswer): RawAnswer {
    this.rule(led.moved);
    this.assertRuns();
    return answerOf(led);
  }

  private rule(moved: BarrierStatus | undefined): void {
    this.moved = moved;
    this.state = this.runs(moved) ? 'open' : 'not to run';
    if (this.state === 'not to run') this.notToRun(new NotToRun('the barrier has not let this phase run'));
  }

  private failed(error: unknown): unknown {
    this.failure ??= { error };
    return error;
  }

  private assertRuns(): void {
    if (this.failure) throw this.failure.error;
    if (this.state !== 'open') throw new NotToRun('the barrier has not let this phase run');
  }
}

function answerOf({ answer }: LedAnswer): RawAnswer {
  if ('error' in answer) throw answer.error;
  return answer.value;
}

const unanswered = (): Promise<never> => new Promise(() => undefined);
