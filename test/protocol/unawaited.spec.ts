import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { eventually } from '../support/eventually.js';
import { hearUnhandled } from '../support/unheard.js';

describe('a transaction that nobody awaits', () => {
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

  it('is as loud as any rejection that nobody handles when it fails', async () => {
    const failure = new Error('out of paper');
    const { heard, stop } = hearUnhandled();
    try {
      void bank.transfers.take('ann', 10, () => Promise.reject(failure));
      await eventually(() => expect(heard).toEqual([failure]));
    } finally {
      stop();
    }
  });
});
