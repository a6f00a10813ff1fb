import { Propagation } from 'nestjs-tcc';
import { useBank } from '../support/bank/use-bank.js';
import { eventually } from '../support/eventually.js';
import { hearUnhandled } from '../support/unheard.js';

const failure = new Error('out of paper');
const fail = () => Promise.reject(failure);

describe('a method under a global transaction that nobody awaits', () => {
  const used = useBank();

  it.each<[string, () => unknown]>([
    ['decorated', () => used.bank.transfers.take(used.owner, 10, fail)],
    ['by run()', () => used.bank.tcc.run({ name: 'unawaited' }, fail)],
    ['outside of any', () => used.bank.tcc.run({ name: 'none', propagation: Propagation.NOT_SUPPORTED }, fail)],
  ])('%s: its failure is as loud as any rejection that nobody handles', async (_how, start) => {
    const { heard, stop } = hearUnhandled();
    try {
      start();
      await eventually(() => expect(heard).toEqual([failure]));
    } finally {
      stop();
    }
  });
});
