import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { barrierCommands } from './barrier/barrier-commands.js';
import { ModelBranch } from './barrier/barrier-model.js';
import { BarrierSystem } from './barrier/barrier-system.js';
import { check, longEnough, replay } from './parameters.js';

const BOUNDS = { runs: 90, withinMs: 8_000 };

describe('the barrier, under any sequence and overlap of deliveries', () => {
  let database: TestDatabase;
  let system: BarrierSystem;

  beforeAll(async () => {
    database = await createTestDatabase();
    system = await BarrierSystem.open(database.url);
  });
  afterAll(async () => {
    await system.close();
    await database.drop();
  });

  it(
    'answers, moves its rows and lets business code take effect as the table of the design says',
    async () => {
      const coverage = await check(
        fc.commands(barrierCommands(4), { maxCommands: 20, size: '+1', ...replay }),
        (commands, see) => {
          const branches = [
            new ModelBranch('tcc', false),
            new ModelBranch('saga', false),
            new ModelBranch('message', false),
            new ModelBranch('tcc', true),
          ];
          return fc.asyncModelRun(() => ({ model: { xid: randomUUID(), branches, see }, real: system }), commands);
        },
        BOUNDS,
      );
      expect(coverage.missing('ran', 'already', 'empty', 'lost', 'TCC_LATE_TRY', 'TCC_BARRIER_REFUSED')).toEqual([]);
    },
    longEnough(BOUNDS),
  );
});
