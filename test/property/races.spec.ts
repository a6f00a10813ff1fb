import { jest } from '@jest/globals';
import type { INestApplicationContext } from '@nestjs/common';
import fc from 'fast-check';
import { settle } from 'nestjs-tcc-testing';
import { check, longEnough } from './parameters.js';
import { anyProgram, perform } from './scheduled/program.js';
import { startStage } from './scheduled/stage.js';
import { verdictOf } from './scheduled/verdict.js';
import { type Verdict, World } from './scheduled/world.js';

const BOUNDS = { runs: 250, withinMs: 9_000 };
const HOUR_MS = 3_600_000;

const anyVerdict = fc.constantFrom<Verdict>('passes', 'passes', 'passes', 'passes', 'never arrives', 'is not answered');

describe('an initiator and its tries, in every order of the answers', () => {
  const world = new World();
  let stages: [INestApplicationContext, INestApplicationContext];
  let ahead = 0;

  beforeAll(async () => {
    const now = performance.now.bind(performance);
    jest.spyOn(performance, 'now').mockImplementation(() => now() + ahead);
    stages = [await startStage(world), await startStage(world)];
  });
  afterAll(async () => {
    await Promise.all(stages.map((stage) => stage.close()));
    jest.restoreAllMocks();
  });

  it(
    'loses no branch, decides nothing that it does not know, and says what was decided',
    async () => {
      const any = fc.record({
        program: anyProgram,
        verdicts: fc.array(anyVerdict, { maxLength: 6 }),
        scheduler: fc.scheduler(),
      });
      const coverage = await check(
        any,
        async ({ program, verdicts, scheduler }, see) => {
          world.verdicts = [...verdicts];
          const seen = await perform(program, world, scheduler, stages);
          // What nobody has decided is due now.
          ahead += HOUR_MS;
          await settle(stages[1], { timeoutMs: 5_000, xids: seen.xid === undefined ? [] : [seen.xid] });
          expect(await verdictOf(seen, program, world, see)).toEqual([]);
        },
        BOUNDS,
      );
      const expected = ['confirmed, told its value', 'cancelled, told RefusedError', 'cancelled, told TCC_TIMED_OUT'];
      expect(coverage.missing(...expected)).toEqual([]);
    },
    longEnough(BOUNDS),
  );
});
