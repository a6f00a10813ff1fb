import type { Logger } from 'typeorm';
import { branch, openBarrierBench, useBarrierBench, WAYS, type BarrierBench } from '../support/barrier-bench.js';

/** Statements, each with its parameters. The first one of a phase goes along with its opening, where it can. */
const STATEMENTS: [string, string, unknown[] | undefined][] = [
  ['select', 'select $1::int as one, null as nothing', [1]],
  ['select of nothing', 'select 1 where $1::int = 2', [1]],
  ['select without parameters', 'select 1 as one', undefined],
  ['insert', `insert into hold values ($1, 'a', 1)`, ['x']],
  ['insert returning', `insert into hold values ($1, 'a', 1) returning key, amount`, ['x']],
  ['update', 'update hold set amount = amount + $1', [1]],
  ['update returning', 'update hold set amount = amount where amount > $1 returning key', [-1]],
  ['delete', 'delete from hold where key = $1', ['y']],
  ['set', `set local application_name = 'x'`, undefined],
  ['two statements in one string', 'select 1 as one; select 2 as two', undefined],
  ['a statement that fails', 'select 1 / $1::int as none', [0]],
  ['a statement that cannot be parsed', 'selekt $1::int', [1]],
];

describe.each(WAYS)('raw queries and what TypeORM makes of them, business code %s', (way) => {
  const told: unknown[][] = [];
  const tell =
    (what: string) =>
    (...about: unknown[]): void => {
      // Not the runner, which is another one, nor the time that it took.
      const known = about.filter((each) => typeof each === 'string' || Array.isArray(each));
      const error = about.find((each): each is { code?: string } => each instanceof Error);
      told.push([what, ...known, ...(error ? [error.code] : [])]);
    };
  const logger: Logger = {
    logQuery: tell('query'),
    logQueryError: tell('error'),
    logQuerySlow: tell('slow'),
    logSchemaBuild: () => undefined,
    logMigration: () => undefined,
    log: () => undefined,
  };
  const bench = useBarrierBench(way, { logger });
  interface Seen {
    readonly answer: unknown;
    readonly told: unknown[][];
  }

  /** What a statement returns or throws, and what the logger hears of it, in a phase that leaves nothing behind. */
  async function see(on: BarrierBench, sql: string, parameters: unknown[] | undefined, structured: boolean) {
    let seen: Seen | undefined;
    const undone = new Error('undone');
    const phase = on.phase(branch().try, async () => {
      const runner = on.dataSource.createQueryRunner();
      const from = told.length;
      const answer = await (runner.query(sql, parameters, structured as true) as Promise<unknown>).catch(describeError);
      const own = told.slice(from).filter(([, text]) => text === sql);
      seen = { answer: structured ? { ...(answer as object), of: className(answer) } : answer, told: own };
      throw undone;
    });
    await expect(phase).rejects.toBe(undone);
    return seen!;
  }

  const className = (value: unknown): string => (value as object).constructor.name;
  const describeError = (error: Error) => ({
    ...Object.fromEntries(Object.entries(error)),
    name: error.name,
    message: error.message,
    of: className(error),
  });

  describe('beside its own query()', () => {
    let theirs: BarrierBench;
    beforeAll(async () => {
      // What it measures it sends by itself.
      theirs = await openBarrierBench(bench.database.url, { logger, maxQueryExecutionTime: 60_000 }, way);
    });
    afterAll(() => theirs.close());

    for (const structured of [false, true]) {
      it.each(STATEMENTS)(`%s${structured ? ', structured' : ''}`, async (_, sql, parameters) => {
        const seen = await see(bench, sql, parameters, structured);
        expect(seen.told.length).toBeGreaterThan(0);
        expect(seen).toEqual(await see(theirs, sql, parameters, structured));
      });
    }
  });
});
