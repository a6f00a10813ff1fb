import { monotonicNow } from '../../libs/tcc/src/core/monotonic-clock.js';
import { branch, useBarrierBench, WAYS } from '../support/barrier-bench.js';

describe.each(WAYS)('an empty first statement with parameters, business code %s', (way) => {
  const bench = useBarrierBench(way, { extra: { max: 1 } });

  const empty = async () => (await bench.dataSource.createQueryRunner().connect()).query('', ['x']);

  it('does nothing', async () => {
    expect(await bench.phase(branch().try, empty)).toMatchObject({ ran: true });
  });

  // pg sends it by the simple protocol, which the server skips, Sync and all, once the opening has failed.
  it('is answered when the opening fails, and leaves the connection usable', async () => {
    const pid = () => bench.dataSource.query<unknown[]>('select pg_backend_pid()');
    const before = await pid();
    const of = branch();
    await bench.phase(of.try, async () => undefined);
    await bench.observer.query('begin');
    await bench.observer.query('select from tcc_barrier where xid = $1 for update', [of.try.xid]);
    const busy = bench.phase({ ...of.confirm, deadline: monotonicNow() + 3_000 }, empty);
    await expect(busy).rejects.toMatchObject({ code: 'TCC_BARRIER_BUSY' });
    await bench.observer.query('commit');
    expect(await pid()).toEqual(before);
  });
});
