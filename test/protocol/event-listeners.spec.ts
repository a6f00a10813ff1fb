import { TccEvents, UnrecoverableError } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { eventually } from '../support/eventually.js';

describe('a listener of TccEvents', () => {
  let databases: BankDatabases;
  let bank: BankApp;

  beforeAll(async () => {
    databases = await createBankDatabases();
    bank = await startBank(databases);
    await bank.fund(['ann'], 100);
  });
  afterAll(async () => {
    await bank?.close();
    await databases?.drop();
  });

  it('that rejects later does not end the process, nor keep the event from others', async () => {
    const events = bank.app.get(TccEvents);
    const heard: string[] = [];
    const stops = [
      events.on('parked', async () => Promise.reject(new Error('the chat is down'))),
      events.on('parked', ({ branch }) => void heard.push(branch)),
    ];
    bank.hooks.inConfirm = () => {
      throw new UnrecoverableError('never');
    };
    await bank.transfers.take('ann', 10);
    await eventually(() => expect(heard.toSorted()).toEqual(['north.withdraw', 'south.withdraw']));
    // an unhandled rejection is reported in a later turn, and fails this test
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (const stop of stops) stop();
  });
});
