import type { BarrierStatus } from '../core/barrier-ruling.js';
import { inOneString, type OpeningStatement } from './barrier-sql.js';
import type { PhaseConnection, RawAnswer } from './phase-connection.js';

/** What a phase asks its opening for. */
export interface OpeningPlan {
  /** The statements, made when they are about to be sent. May throw: then nothing is sent. */
  readonly statements: () => readonly OpeningStatement[];
  /** Whether they are prepared on the connection. */
  readonly prepares: boolean;
  /** Called when they have succeeded, before anything else is sent. */
  readonly opened: () => Promise<void> | undefined;
  /** Whether the business code runs, given what the barrier statement moved the row to. */
  readonly runs: (moved: BarrierStatus | undefined) => boolean;
}

/** Why a statement of business code that had been started ahead of the barrier's answer has none of its own. */
class NotToRun extends Error {}

/**
 * BEGIN, its settings and the barrier statement of one phase: by themselves, or, where business code may start ahead of
 * the barrier's answer, together with its first statement. Where the answer is that it must not run, its statements
 * fail from then on, and what the first of them did is to be rolled back.
 */
export class PhaseOpening {
  /** The barrier statement's answer; undefined as long as there is none, and where it moved no row. */
  moved: BarrierStatus | undefined;
  /** Why there is no open transaction. */
  failure: { readonly error: unknown } | undefined;
  state: 'unsent' | 'sent' | 'open' | 'not to run' = 'unsent';

  constructor(
    private readonly connection: PhaseConnection,
    private readonly plan: OpeningPlan,
  ) {}

  /** Sends the opening alone, in one round trip. @throws why it failed */
  async alone(): Promise<void> {
    try {
      const statements = this.plan.statements();
      this.state = 'sent';
      const results = (await this.connection.send(inOneString(statements))) as { rows: { status: BarrierStatus }[] }[];
      const pause = this.plan.opened();
      if (pause) await pause;
      this.rule(results[statements.length - 1]?.rows[0]?.status);
    } catch (error) {
      throw this.failed(error);
    }
  }

  /**
   * Sends the first statement of business code, behind the opening where both fit into one round trip.
   *
   * @throws what the statement threw; why the opening failed, or that the phase is not to run
   */
  async with(statement: string | object, values: unknown[] | undefined): Promise<RawAnswer> {
    // Several statements in one string, or one with a name, do not fit behind it.
    if (this.state !== 'unsent' || typeof statement !== 'string' || !values?.length || !this.connection.canLead) {
      await this.first();
      return this.connection.send(statement, values);
    }
    let led;
    try {
      const statements = this.plan.statements();
      this.state = 'sent';
      led = await this.connection.lead(statements, this.plan.prepares, statement, values);
      if (led.sent && !led.opened && 'error' in led.answer) throw led.answer.error;
      const pause = led.sent ? this.plan.opened() : undefined;
      if (pause) await pause;
      if (led.sent) this.rule(led.moved as BarrierStatus | undefined);
      else this.state = 'unsent';
    } catch (error) {
      throw this.failed(error);
    }
    if (led.sent) this.assertRuns();
    if ('error' in led.answer) throw led.answer.error;
    return led.answer.value;
  }

  /** Before any other statement of business code. @throws as {@link with} */
  async first(): Promise<void> {
    if (this.state === 'unsent') await this.alone();
    this.assertRuns();
  }

  private rule(moved: BarrierStatus | undefined): void {
    this.moved = moved;
    this.state = this.plan.runs(moved) ? 'open' : 'not to run';
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
