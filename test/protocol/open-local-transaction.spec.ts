import type { BankApp } from '../support/bank/bank-app.js';
import { useBank } from '../support/bank/use-bank.js';
import { Gate } from '../support/gate.js';

describe('an initiator called inside an open local transaction', () => {
  const used = useBank();
  let bank: BankApp;
  let owner: string;
  beforeEach(() => void ({ bank, owner } = used));

  it('may not try on the same DataSource, which could wait for that transaction for ever', async () => {
    await bank.north.transaction(async () => {
      await expect(bank.transfers.take(owner, 10)).rejects.toMatchObject({ code: 'TCC_OPEN_LOCAL_TRANSACTION' });
    });
    expect((await bank.wallets(owner)).north).toEqual({ balance: 100, held: 0, gone: 0 });
  });

  it('may try on another one', async () => {
    await bank.north.transaction(() =>
      bank.tcc.run({ name: 'south only' }, () => bank.transfers.south.withdraw(owner, 10)),
    );
    expect((await bank.wallets(owner)).south).toEqual({ balance: 90, held: 0, gone: 10 });
  });

  it('may try on it once that transaction has ended, wherever it was started', async () => {
    const ended = new Gate();
    let later: Promise<string> | undefined;
    await bank.north.transaction(async () => {
      later = ended.pass().then(() => bank.transfers.take(owner, 10));
    });
    ended.open();
    await later;
    expect((await bank.wallets(owner)).north).toEqual({ balance: 90, held: 0, gone: 10 });
  });
});
