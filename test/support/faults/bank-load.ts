import { InDoubtError } from 'nestjs-tcc';
import { eventually } from '../eventually.js';
import type { BankApp } from '../bank/bank-app.js';
import { AMOUNT, SCENARIOS } from '../processes/scenarios.js';
import type { Told } from './bulk-audit.js';

/** One call of an initiator, from its caller's side. */
export interface Answer {
  readonly owner: string;
  readonly told: Told;
  readonly error?: Error;
  readonly ms: number;
}

type Call = (bank: BankApp, owner: string) => Promise<unknown>;

/** What lanes do by turns: a transfer, one with a key, one that calls both banks at once, one that changes its mind. */
const CALLS: readonly Call[] = [
  (bank, owner) => bank.transfers.take(owner, AMOUNT),
  (bank, owner) => bank.transfers.takeOnce(owner, owner, AMOUNT),
  (bank, owner) =>
    bank.tcc.run({ name: 'both' }, () =>
      Promise.all([bank.transfers.north.withdraw(owner, AMOUNT), bank.transfers.south.withdraw(owner, AMOUNT)]),
    ),
  SCENARIOS.cancels.run,
];

/** Callers that go on calling whatever happens, each with owners that nobody else uses, and remember what they were told. */
export class BankLoad {
  readonly answers: Answer[] = [];
  private readonly lanes: Promise<void>[];
  private stopping = false;

  constructor(banks: readonly BankApp[], owners: readonly string[], lanes: number, pauseMs = 0) {
    const unused = owners.values();
    this.lanes = Array.from({ length: lanes }, (_, lane) =>
      this.run(banks[lane % banks.length]!, unused, lane, pauseMs),
    );
  }

  get told(): ReadonlyMap<string, Told> {
    return new Map(this.answers.map(({ owner, told }) => [owner, told]));
  }

  get confirmed(): number {
    return this.answers.filter(({ told }) => told === 'confirmed').length;
  }

  /** The longest that a caller had to wait, in milliseconds. */
  get longestMs(): number {
    return Math.max(...this.answers.map(({ ms }) => ms));
  }

  /** Waits until so many calls that began after this one were confirmed. @returns how many. @throws when that takes too long */
  async progress(times: number, withinMs = 20_000): Promise<number> {
    const before = this.confirmed + this.lanes.length; // those under way
    const enough = before + times;
    await eventually(() => {
      if (this.confirmed < enough) throw new Error(`${this.confirmed} of ${enough} confirmed: ${this.lastErrors()}`);
    }, withinMs);
    return this.confirmed - before;
  }

  /** Ends when the calls that are under way have their answers. */
  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.lanes);
  }

  /** How many calls ended in which way. */
  summary(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { told, error } of this.answers) {
      const how = error === undefined ? told : error.name === 'Error' ? error.message : error.name;
      counts[how] = (counts[how] ?? 0) + 1;
    }
    return counts;
  }

  private lastErrors(): string {
    return this.answers
      .slice(-3)
      .map(({ error }) => String(error))
      .join(' | ');
  }

  private async run(bank: BankApp, unused: Iterator<string>, lane: number, pauseMs: number): Promise<void> {
    for (let turn = lane; !this.stopping; turn++) {
      const { value: owner, done } = unused.next();
      if (done === true) throw new Error('the load has used all its owners');
      const startedAt = performance.now();
      const answer = await CALLS[turn % CALLS.length]!(bank, owner).then(
        (): Pick<Answer, 'told'> => ({ told: 'confirmed' }),
        (error: Error) => ({
          told: error instanceof InDoubtError ? ('either' as const) : ('cancelled' as const),
          error,
        }),
      );
      this.answers.push({ owner, ...answer, ms: performance.now() - startedAt });
      // what fails at once would use up thousands of owners in an outage
      const pause = answer.told === 'confirmed' ? pauseMs : Math.max(pauseMs, 20);
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  }
}
