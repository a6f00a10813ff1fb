import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { bankCommands, type BankState } from './bank/bank-commands.js';
import { BankSystem } from './bank/bank-system.js';
import { breaches } from './bank/bank-verdict.js';
import { check, longEnough, replay } from './parameters.js';

const BOUNDS = { runs: 40, withinMs: 17_000 };
const OWNERS = 6;

describe('whole transactions of two instances which die, stall, recover and are delivered to again', () => {
  let system: BankSystem;

  beforeAll(async () => {
    system = await BankSystem.create();
  });
  afterAll(() => system.close());

  it(
    'settle all, take effect once and wholly or not at all, and tell every caller right',
    async () => {
      const coverage = await check(
        fc.commands(bankCommands, { maxCommands: 24, size: '+1', ...replay }),
        async (commands, see) => {
          const run = randomUUID().slice(0, 8);
          const owners = Array.from({ length: OWNERS }, (_, index) => `${run}-${index}`);
          const state: BankState = { key: run, owners, transfers: [], decisions: new Map(), see };
          await system.fund(owners);
          try {
            await fc.asyncModelRun(() => ({ model: state, real: system }), commands);
            await system.finish(state.transfers);
            expect(await breaches(state, system)).toEqual([]);
          } catch (error) {
            // what it leaves behind must not fail the next run too, which is to find a smaller counterexample
            await system.forget(state.transfers);
            throw error;
          }
        },
        BOUNDS,
      );
      expect(coverage.missing('confirmed, told its value', 'cancelled, told own error', 'recovered')).toEqual([]);
    },
    longEnough(BOUNDS),
  );
});
