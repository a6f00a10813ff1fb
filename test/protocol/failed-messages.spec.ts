import { Injectable } from '@nestjs/common';
import { Message, Participant } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { eventually } from '../support/eventually.js';
import { Gate } from '../support/gate.js';
import { hearUnhandled } from '../support/unheard.js';

@Injectable()
@Participant('mail', { dataSource: 'south' })
class Mail {
  readonly sent: string[] = [];

  @Message()
  post(text: string): void {
    this.sent.push(text);
  }
  @Message()
  async send(text: string): Promise<void> {
    this.sent.push(text);
  }
}

const TOO_LONG = 'x'.repeat(300_000);

describe('a message that cannot be recorded', () => {
  let databases: BankDatabases;
  let bank: BankApp;
  let mail: Mail;
  let owners = 0;
  let owner: string;

  beforeAll(async () => {
    databases = await createBankDatabases();
    bank = await startBank(databases, {}, [Mail]);
    mail = bank.app.get(Mail);
  });
  beforeEach(async () => {
    mail.sent.length = 0;
    owner = `owner-${++owners}`;
    await bank.fund([owner], 100);
  });
  afterAll(async () => {
    await bank?.close();
    await databases?.drop();
  });

  const balance = async (): Promise<number> => (await bank.wallets(owner)).north.balance;

  // Its promise is in nobody's hands: an unhandled rejection would end the process, and fails this test.
  it('cancels the transaction when it is declared void, so that it is not lost without a word', async () => {
    const run = bank.tcc.run({ name: 'void' }, async () => {
      await bank.transfers.north.withdraw(owner, 10);
      mail.post(TOO_LONG);
    });
    await expect(run).rejects.toMatchObject({ code: 'TCC_PAYLOAD' });
    await eventually(async () => expect(await balance()).toBe(100));
  });

  it('does not hide why the initiator threw', async () => {
    const run = bank.tcc.run({ name: 'void and thrown' }, async () => {
      await bank.transfers.north.withdraw(owner, 10);
      mail.post(TOO_LONG);
      throw new Error('for another reason');
    });
    await expect(run).rejects.toThrow('for another reason');
    await eventually(async () => expect(await balance()).toBe(100));
  });

  it('is the caller’s to catch when it is awaited: the others are confirmed', async () => {
    await bank.tcc.run({ name: 'awaited' }, async () => {
      await bank.transfers.north.withdraw(owner, 10);
      await expect(mail.send(TOO_LONG)).rejects.toMatchObject({ code: 'TCC_PAYLOAD' });
      await mail.send(TOO_LONG).catch(() => undefined);
      const all = await Promise.allSettled([mail.send(TOO_LONG), mail.send('short')]);
      expect(all.map(({ status }) => status)).toEqual(['rejected', 'fulfilled']);
    });
    await eventually(() => expect(mail.sent).toEqual(['short']));
    expect(await balance()).toBe(90);
  });

  // Code that outlives its transaction (a sibling of what failed in a Promise.all, a method that ran out of time) must not
  // end the process over a message that was to be delivered to nobody.
  it('is silent when it is declared void and the transaction was cancelled before', async () => {
    const { heard, stop } = hearUnhandled();
    const gate = new Gate();
    let sibling: Promise<void> | undefined;
    try {
      const run = bank.tcc.run({ name: 'late' }, async () => {
        sibling = gate.pass().then(() => {
          mail.post('late');
        });
        await Promise.all([sibling, Promise.reject(new Error('the other one'))]);
      });
      await expect(run).rejects.toThrow('the other one');
      gate.open();
      await sibling;
      // reported when the microtasks of a turn have run
      for (let turns = 3; turns > 0; turns -= 1) await new Promise((resolve) => setImmediate(resolve));
      expect(heard).toEqual([]);
      expect(mail.sent).toEqual([]);
    } finally {
      stop();
    }
  });

  // A method that returns before its own code is done: "confirmed" is true, and the mail would be lost without a word.
  it('is as loud as any rejection that nobody handles when the transaction is confirmed without it', async () => {
    const { heard, stop } = hearUnhandled();
    const gate = new Gate();
    let left: Promise<void> | undefined;
    try {
      await bank.tcc.run({ name: 'early' }, async () => {
        await bank.transfers.north.withdraw(owner, 10);
        left = gate.pass().then(() => {
          mail.post('late');
        });
      });
      gate.open();
      await left;
      await eventually(() => expect(heard).toMatchObject([{ code: 'TCC_TRANSACTION_CLOSED' }]));
      expect(mail.sent).toEqual([]);
    } finally {
      stop();
    }
  });

  it('is as loud as any rejection that nobody handles where no transaction is open', async () => {
    const { heard, stop } = hearUnhandled();
    try {
      mail.post('short');
      await eventually(() => expect(heard).toMatchObject([{ code: 'TCC_NO_GLOBAL_TRANSACTION' }]));
    } finally {
      stop();
    }
  });
});
