import v8 from 'node:v8';
import vm from 'node:vm';
import { branch, useBarrierBench } from '../support/barrier-bench.js';

v8.setFlagsFromString('--allow-natives-syntax');
const haveSameMap = vm.runInThisContext('(a, b) => %HaveSameMap(a, b)') as (a: object, b: object) => boolean;

// Where each has its own, everything that pg does with its connections is looked up anew each time, in the whole process.
describe('the connections that openings were sent on', () => {
  const bench = useBarrierBench('ahead', { extra: { max: 4 } });

  it('keep one hidden class', async () => {
    const connections = new Set<object>();
    const { master } = bench.dataSource.driver as unknown as { master: { on: (event: 'acquire', of: Heard) => void } };
    master.on('acquire', ({ connection }) => connections.add(connection));

    const phases = Array.from({ length: 4 }, () => branch());
    let there = 0;
    let goOn!: () => void;
    const allThere = new Promise<void>((resolve) => (goOn = resolve));
    await Promise.all(
      phases.map(({ key, try: call }) =>
        bench.phase(call, async () => {
          await bench.dataSource.query(`insert into hold values ($1, 'a', 1)`, [key]);
          there += 1;
          if (there === phases.length) goOn();
          await allThere;
        }),
      ),
    );

    const [first, ...others] = [...connections];
    expect(others).toHaveLength(3);
    expect(others.map((other) => haveSameMap(first!, other))).toEqual([true, true, true]);
  });
});

type Heard = (client: { readonly connection: object }) => void;
