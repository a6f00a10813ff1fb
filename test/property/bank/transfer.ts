import { isTccError } from 'nestjs-tcc';
import { Gate } from '../../support/gate.js';
import type { MortalBank } from './mortal-bank.js';
import { perform } from './perform.js';
import { PurseError } from './purse.participants.js';
import type { Script } from './script.js';

/** How an initiator ended for its caller; its value is the owner whose money it has moved. */
export type Told = { readonly value: string } | { readonly error: string };

/** One transaction, begun by an instance. */
export class Transfer {
  /** Once its initiator runs. */
  xid: string | undefined;
  told: Told | undefined;
  /** Something was done to it, or to its instance, that may change how it ends. */
  disturbed = false;
  /** How many of its confirms and cancels are still to fail. */
  failures: number;
  private gate: Gate | undefined;
  private rest!: () => void;
  private resting!: Promise<void>;

  constructor(
    readonly owner: string,
    readonly script: Script,
    readonly instance: MortalBank,
  ) {
    this.failures = script.failures;
  }

  get waits(): boolean {
    return this.gate !== undefined;
  }

  start(key: string | undefined): void {
    this.setOut();
    const { bank } = this.instance;
    const run = bank.tcc.run({ name: 'transfer', key }, async () => {
      this.xid = bank.tcc.transaction.xid;
      await perform(this.script, this.owner, bank, () => this.wait());
      return this.owner;
    });
    run
      .then(
        (value): Told => ({ value }),
        (error: unknown): Told => ({ error: nameOf(error) }),
      )
      .then((told) => {
        // what a dead process says nobody hears
        if (!this.instance.dead) this.told = told;
        this.rest();
      })
      .catch(() => undefined);
  }

  /** Lets it go on from where it waits. */
  go(): void {
    if (!this.gate) return;
    this.setOut();
    this.gate.open();
    this.gate = undefined;
  }

  /** Resolves when it goes no further by itself: it has ended, waits, or its instance does not go on. */
  async quiet(): Promise<void> {
    if (this.instance.active) await Promise.race([this.resting, this.instance.halted]);
  }

  private async wait(): Promise<void> {
    if (this.instance.dead) return;
    this.gate = new Gate();
    this.rest();
    await this.gate.pass();
  }

  private setOut(): void {
    this.resting = new Promise((resolve) => (this.rest = resolve));
  }
}

const nameOf = (error: unknown): string =>
  error instanceof PurseError ? 'own error' : isTccError(error) ? error.code : String(error);
