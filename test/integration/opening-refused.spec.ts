import pg from 'pg';
import type { BarrierCall } from '../../libs/tcc/src/barrier/barrier.port.js';
import { branch, useBarrierBench, WAYS } from '../support/barrier-bench.js';

type Deliveries = ReturnType<typeof branch>;

describe.each(WAYS)('a delivery that is not to run, business code %s', (way) => {
  let started = 0;
  const bench = useBarrierBench(way, { extra: { max: 1 } });
  beforeEach(async () => {
    started = 0;
    await bench.observer.query(`insert into hold values ('there', 'a', 1)`);
  });

  const raw = (key: string) => bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
  const nothing = async () => undefined;
  const answerOf = (call: BarrierCall, business: () => Promise<unknown>) =>
    bench
      .phase(call, async () => {
        started += 1;
        return business();
      })
      .then(
        (done) => (done.ran ? 'ran' : done.why),
        (error: { code?: string }) => error.code ?? error,
      );

  const DELIVERIES: [string, (of: Deliveries) => Promise<unknown>, 'try' | 'confirm' | 'cancel', string][] = [
    ['a late try', (of) => bench.phase(of.cancel, nothing), 'try', 'TCC_LATE_TRY'],
    ['a repeated try', (of) => bench.phase(of.try, nothing), 'try', 'TCC_REPEATED_TRY'],
    ['a confirm without try', nothing, 'confirm', 'TCC_BARRIER_REFUSED'],
    [
      'a repeated confirm',
      (of) => bench.phase(of.try, nothing).then(() => bench.phase(of.confirm, nothing)),
      'confirm',
      'already',
    ],
    ['an empty cancel', nothing, 'cancel', 'empty'],
    ['a repeated cancel', (of) => bench.phase(of.cancel, nothing), 'cancel', 'already'],
    [
      'a cancel of what is confirmed',
      (of) => bench.phase(of.try, nothing).then(() => bench.phase(of.confirm, nothing)),
      'cancel',
      'TCC_BARRIER_REFUSED',
    ],
  ];

  const BUSINESS: [string, () => Promise<unknown>][] = [
    ['writes', () => raw('x')],
    ['catches what its first statement throws, and returns', () => raw('x').catch(nothing)],
    [
      'catches what its first statement throws, and goes on',
      () =>
        raw('x')
          .catch(nothing)
          .then(() => raw('y')),
    ],
    [
      'catches what its first statement throws, and throws',
      () =>
        raw('x')
          .then(nothing, nothing)
          .then(() => Promise.reject(new Error('own'))),
    ],
    ['sends nothing', nothing],
    ['throws before it has sent anything', () => Promise.reject(new Error('own'))],
    ['violates a constraint at once', () => raw('there')],
    ['sends several in one string', () => bench.dataSource.query(`insert into hold values ('x', 'a', 1); select 1`)],
    ['nests', () => bench.dataSource.transaction(() => raw('x'))],
    ['nests, and catches', () => bench.dataSource.transaction(() => raw('x')).catch(nothing)],
    ['sends two at once', () => Promise.all([raw('x'), raw('y')])],
    ['reports a conflict at once', () => bench.dataSource.query('select conflict($1)', ['40001'])],
  ];

  beforeAll(() =>
    bench.observer.query(`
      create function conflict(code text) returns void language plpgsql as
        $$ begin raise exception 'conflict' using errcode = code; end $$`),
  );

  describe.each(DELIVERIES)('%s', (_, before, phase, answer) => {
    it.each(BUSINESS)('that %s', async (__, business) => {
      const of = branch();
      await before(of);
      const status = await bench.status(of.try);
      expect(await answerOf(of[phase], business)).toBe(answer);
      // Once, to be undone.
      expect(started).toBe(way === 'ahead' ? 1 : 0);
      expect(await bench.holds()).toEqual(['there']);
      expect(await bench.status(of.try)).toBe(answer === 'empty' ? 'suspended' : status);
      // On the same connection.
      expect(await bench.phase(branch().try, () => raw('after'))).toMatchObject({ ran: true });
    });
  });

  it('is answered although its first statement waits for a lock in vain', async () => {
    const of = branch();
    await bench.phase(of.try, nothing);
    await bench.phase(of.confirm, nothing);
    const other = new pg.Client(bench.database.url);
    await other.connect();
    await other.query('begin');
    await other.query('delete from hold');
    expect(await answerOf(of.confirm, () => bench.dataSource.query('delete from hold where key = $1', ['there']))).toBe(
      'already',
    );
    await other.end();
  });
});
