import { within } from '../support/within.js';
import { BankSystem } from './bank/bank-system.js';
import type { Script } from './bank/script.js';
import { Transfer } from './bank/transfer.js';

const SCRIPT: Script = {
  steps: [
    {
      do: 'calls',
      calls: [{ call: 'take', from: 'north', end: 'returns', amount: 1 }],
      how: 'one by one',
      caught: false,
    },
    { do: 'wait' },
  ],
  throws: false,
  keyed: false,
  failures: 0,
};

describe('an instance of the property tests', () => {
  it('that died before it came to where it was to stall is buried all the same', async () => {
    const system = await BankSystem.create();
    await system.fund(['owner']);
    const instance = await system.at(0);
    const transfer = new Transfer('owner', SCRIPT, instance);
    system.begin(transfer, undefined);
    await transfer.quiet();
    expect(transfer.waits).toBe(true);
    instance.expect({ point: 'ledger.decide.sending', nth: 1, fate: 'stalls' }, () => undefined);
    instance.die();
    transfer.go();
    await within(10_000, 'the burial', system.close());
  });
});
