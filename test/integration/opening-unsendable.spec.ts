import { branch, useBarrierBench, WAYS } from '../support/barrier-bench.js';

describe.each(WAYS)('a first statement whose parameter cannot be serialised, business code %s', (way) => {
  const bench = useBarrierBench(way, { extra: { max: 1 } });

  const insert = (key: unknown) => bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
  const unfit = {
    toPostgres: () => {
      throw new Error('no such value');
    },
  };

  it('fails the phase, and the connection goes on', async () => {
    const of = branch();
    await expect(bench.phase(of.try, () => insert(unfit))).rejects.toThrow('no such value');
    expect(await bench.status(of.try)).toBeUndefined();
    expect(await bench.phase(of.try, () => insert('x'))).toMatchObject({ ran: true });
    expect(await bench.holds()).toEqual(['x']);
  });

  it('can be caught: it never reached the server, and the transaction is as good as before', async () => {
    await bench.phase(branch().try, async () => {
      await expect(insert(unfit)).rejects.toThrow('no such value');
      await insert('x');
    });
    expect(await bench.holds()).toEqual(['x']);
  });

  it('of a delivery that is not to run does not matter', async () => {
    const of = branch();
    expect(await bench.phase(of.cancel, () => insert(unfit))).toEqual({ ran: false, why: 'empty' });
    expect(await bench.phase(of.cancel, () => insert(unfit))).toEqual({ ran: false, why: 'already' });
    await expect(bench.phase(of.try, () => insert(unfit))).rejects.toMatchObject({ code: 'TCC_LATE_TRY' });
  });
});
