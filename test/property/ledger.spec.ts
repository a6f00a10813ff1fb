import { jest } from '@jest/globals';
import fc from 'fast-check';
import { uuidv7 } from 'uuidv7';
import { flushCommands } from './ledger/flush-commands.js';
import { driverCommands, SLOTS } from './ledger/ledger-commands.js';
import { LedgerModel } from './ledger/ledger-model.js';
import { LedgerPair } from './ledger/ledger-pair.js';
import { check, longEnough, replay } from './parameters.js';

const BOUNDS = { runs: 80, withinMs: 10_000 };

describe('the ledger in Postgres, the one in memory and a model of the rules, asked the same', () => {
  let pair: LedgerPair;

  beforeAll(async () => {
    // only the one in memory keeps moments on this clock; it is moved where the stored ones are moved back
    const now = performance.now.bind(performance);
    let ahead = 0;
    jest.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
    pair = await LedgerPair.create((ms) => (ahead += ms));
  });
  afterAll(async () => {
    await pair.close();
    jest.restoreAllMocks();
  });

  it(
    'answer the same, whatever is sent in whatever order',
    async () => {
      const coverage = await check(
        fc.commands([...flushCommands, ...driverCommands], { maxCommands: 40, size: '+2', ...replay }),
        async (commands, see) => {
          const xids = Array.from({ length: SLOTS }, () => uuidv7());
          const services = [`s-${xids[0]}`, `t-${xids[0]}`];
          const state = { model: new LedgerModel(), xids, services, see };
          await fc.asyncModelRun(() => ({ model: state, real: pair }), commands);
          for (const xid of xids) await pair.compareAttempts(xid);
        },
        BOUNDS,
      );
      const expected = ['decides done', 'settles done', 'claim of trying', 'key held by trying', 'sent again'];
      expect(coverage.missing(...expected)).toEqual([]);
    },
    longEnough(BOUNDS),
  );
});
