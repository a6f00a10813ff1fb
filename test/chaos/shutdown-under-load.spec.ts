import { createBankDatabases, startBank, type BankDatabases } from '../support/bank/bank-app.js';

describe('shutdown under load', () => {
  let databases: BankDatabases;

  beforeAll(async () => {
    databases = await createBankDatabases();
  });
  afterAll(async () => databases?.drop());

  it('ends though callers never stop calling: the server that they come through is closed last', async () => {
    const bank = await startBank(databases, {
      drain: '500ms',
      faults: (point) => (point.endsWith('.sending') ? new Promise((resolve) => setTimeout(resolve, 5)) : undefined),
    });
    const owners = Array.from({ length: 24 }, (_, index) => `owner-${index}`);
    await bank.fund(owners, 1_000_000);
    let closed = false;
    const callers = owners.map(async (owner) => {
      while (!closed) {
        await bank.tcc
          .run({ name: 'load' }, () => bank.transfers.north.withdraw(owner, 1))
          .catch(() => new Promise((resolve) => setTimeout(resolve, 5)));
      }
    });
    const late = new Promise<string>((resolve) => setTimeout(resolve, 10_000, 'still closing').unref());
    const closing = bank.close().then(() => 'closed');
    const end = await Promise.race([closing, late]);
    closed = true;
    await Promise.all(callers);
    await closing;
    expect(end).toBe('closed');
  });
});
