import { branch, useBarrierBench, WAYS } from '../support/barrier-bench.js';
import { hearUnhandled } from '../support/unheard.js';

describe.each(WAYS)('what a phase does not await, business code %s', (way) => {
  const bench = useBarrierBench(way, { extra: { max: 2 } });

  const raw = (key: string) => bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  const inTry = (business: () => Promise<unknown>) => bench.phase(branch().try, business);

  it('queries under way: its end waits for them', async () => {
    await inTry(async () => {
      void bench.dataSource.query(`insert into hold select 'slow', 'a', 1 from pg_sleep(0.05)`);
      void raw('queued');
    });
    expect(await bench.holds()).toEqual(['queued', 'slow']);
  });

  it('a nested transaction: it is part of the phase all the same', async () => {
    await inTry(async () => {
      void bench.dataSource.transaction(async () => {
        await raw('one');
        await raw('two');
      });
    });
    expect(await bench.holds()).toEqual(['one', 'two']);
  });

  // 0: not sent when the business code returns; then: sent and not answered.
  it.each([0, 1, 2])('its only statement, %s turns ago', async (turns) => {
    await inTry(async () => {
      void bench.dataSource.query(`insert into hold select $1, 'a', 1 from pg_sleep(0.05)`, ['slow']);
      for (let left = turns; left > 0; left -= 1) await turn();
    });
    expect(await bench.holds()).toEqual(['slow']);
  });

  it.each([0, 1, 2])('its only statement, and fails by itself %s turns later', async (turns) => {
    const of = branch();
    const failing = bench.phase(of.try, async () => {
      bench.dataSource.query(`insert into hold select $1, 'a', 1 from pg_sleep(0.05)`, ['slow']).catch(() => undefined);
      for (let left = turns; left > 0; left -= 1) await turn();
      throw new Error('card refused');
    });
    await expect(failing).rejects.toThrow('card refused');
    expect([await bench.status(of.try), await bench.holds()]).toEqual([undefined, []]);
  });

  // Nobody may hear of it: a rejection that is not handled ends the process, and a repeated delivery is nothing unusual.
  it('statements of a delivery that is not to run reject unheard by nobody', async () => {
    const of = branch();
    const business = async () => {
      const [one, two] = [raw(of.key), raw(`${of.key} two`)];
      await one;
      await two;
    };
    await bench.phase(of.try, async () => undefined);
    await bench.phase(of.confirm, business);
    const { heard, stop } = hearUnhandled();
    try {
      expect(await bench.phase(of.confirm, business)).toEqual({ ran: false, why: 'already' });
      for (let left = 5; left > 0; left -= 1) await turn();
    } finally {
      stop();
    }
    expect(heard).toEqual([]);
    expect(await bench.holds()).toEqual([of.key, `${of.key} two`]);
  });
});
