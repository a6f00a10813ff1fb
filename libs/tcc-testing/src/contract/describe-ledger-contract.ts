import type { LedgerPort } from 'nestjs-tcc';
import { describeBegins } from './ledger-begin.js';
import { describeClaims } from './ledger-claim.js';
import { describeDecisions } from './ledger-decide.js';
import { LedgerDriver } from './ledger-driver.js';
import { describeHandBacks } from './ledger-hand-back.js';
import { describeKeys } from './ledger-key.js';
import { describePurges } from './ledger-purge.js';
import { describeTexts } from './ledger-text.js';
import { testGlobals } from './test-globals.js';

/**
 * A ledger to hold to the contract.
 *
 * @publicApi
 */
export interface LedgerUnderTest {
  /** Opened. */
  readonly ledger: LedgerPort;
  /** Closes the ledger and gives back whatever was made for it. */
  stop(): Promise<void>;
}

/**
 * Describes the suite that every {@link LedgerPort} has to pass, in jest or in vitest with `globals: true`. Time is never
 * waited for: deadlines and leases are written as already passed.
 *
 * @param make called once per suite; the suite keeps to services with random names, so a shared store will do
 * @publicApi
 */
export function describeLedgerContract(name: string, make: () => Promise<LedgerUnderTest>): void {
  const globals = testGlobals();
  globals.describe(`ledger contract: ${name}`, () => {
    let made: LedgerUnderTest | undefined;
    globals.beforeAll(async () => {
      made = await make();
    });
    globals.afterAll(async () => {
      await made?.stop();
    });
    const driver = (): LedgerDriver => {
      if (made === undefined) throw new Error('the ledger was not made');
      return new LedgerDriver(made.ledger);
    };
    for (const part of [
      describeBegins,
      describeKeys,
      describeDecisions,
      describeClaims,
      describeHandBacks,
      describePurges,
      describeTexts,
    ]) {
      part(globals, driver);
    }
  });
}
