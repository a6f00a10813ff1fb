import { Injectable } from '@nestjs/common';
import { defineParticipant, defineTry, RetryLaterError, Tcc, type LedgerPort, TCC_LEDGER } from 'nestjs-tcc';
import { createBankDatabases, startBank, type BankApp, type BankDatabases } from '../support/bank/bank-app.js';
import { followKey, Quick, Steps, ThirdParty, Trace } from '../support/bank/kinds.participants.js';
import { Wallet } from '../support/bank/wallet.entity.js';
import { eventually } from '../support/eventually.js';
import { Gate } from '../support/gate.js';

const whole = { balance: 100, held: 0, gone: 0 };

describe('the kinds of branches', () => {
  let databases: BankDatabases;
  let bank: BankApp;
  let trace: Trace;
  let steps: Steps;
  let third: ThirdParty;

  const counter = defineParticipant(
    'counter',
    { dataSource: 'south' },
    {
      take: defineTry({
        try: async (owner: string, amount: number) => {
          await bank.tcc.branch.manager.decrement(Wallet, { owner }, 'balance', amount);
          return { left: 100 - amount };
        },
        confirm: async (owner, amount, { left }) => {
          trace.calls.push(`counter kept ${owner} ${amount} ${left}`);
        },
        cancel: async (owner, amount) => {
          await bank.tcc.branch.manager.increment(Wallet, { owner }, 'balance', amount);
        },
      }),
      note: { message: async (text: string) => void trace.calls.push(`counter noted ${text}`) },
    },
  );

  @Injectable()
  class Registers {
    constructor(tcc: Tcc) {
      tcc.register(counter);
    }
  }

  beforeAll(async () => {
    databases = await createBankDatabases();
    bank = await startBank(databases, {}, [Trace, Steps, Quick, ThirdParty, Registers]);
    trace = bank.app.get(Trace);
    steps = bank.app.get(Steps);
    third = bank.app.get(ThirdParty);
    followKey.of = () => bank.tcc.branch.idempotencyKey;
    await bank.fund(['a', 'b', 'q', 'c'], 100);
  });
  beforeEach(() => {
    trace.calls = [];
    trace.gates.clear();
  });
  afterAll(async () => {
    await bank?.close();
    await databases?.drop();
  });

  const refuse = (..._after: unknown[]): never => {
    throw new Error('refused');
  };

  it('a saga step takes effect at once, is left alone by confirm and undone by cancel', async () => {
    await bank.tcc.run({ name: 'saga' }, () => steps.book('a'));
    expect((await bank.wallets('a')).north.gone).toBe(1);
    await bank.tcc.run({ name: 'saga' }, async () => refuse(await steps.book('b'))).catch(() => undefined);
    expect((await bank.wallets('b')).north.gone).toBe(0);
    expect(trace.calls).toEqual(['book a', 'book b', 'unbook b']);
  });

  it('a message runs after the other branches have confirmed, and not at all when cancelled', async () => {
    await bank.tcc.run({ name: 'message' }, async () => {
      await steps.told('x');
      await steps.ordered('y');
      trace.calls.push('returning');
    });
    expect(trace.calls).toEqual(['try y', 'returning', 'confirm y Y', 'told x']);
    trace.calls = [];
    await bank.tcc.run({ name: 'message' }, async () => refuse(await steps.told('x'))).catch(() => undefined);
    expect(trace.calls).toEqual([]);
  });

  it('a message declared void, which nobody can await, is sent all the same', async () => {
    await bank.tcc.run({ name: 'void message' }, async () => {
      steps.noted('first');
      await steps.ordered('y');
      steps.noted('last');
    });
    expect(trace.calls).toEqual(['try y', 'confirm y Y', 'noted first', 'noted last']);
  });

  it('a message waits for a confirm that has to be repeated', async () => {
    let failures = 1;
    trace.gates.set('confirm y Y', () => (failures-- > 0 ? Promise.reject(new Error('later')) : Promise.resolve()));
    await bank.tcc.run({ name: 'message' }, async () => {
      await steps.told('x');
      await steps.ordered('y');
    });
    await eventually(() => expect(trace.calls).toEqual(['try y', 'confirm y Y', 'confirm y Y', 'told x']));
  });

  it('in sequence confirms in order and cancels in reverse', async () => {
    const three = async (): Promise<void> => {
      await Promise.all([steps.ordered('1'), steps.ordered('2'), steps.ordered('3')]);
    };
    await bank.tcc.run({ name: 'sequence', order: 'sequence' }, three);
    expect(trace.calls.filter((call) => call.startsWith('confirm'))).toEqual([
      'confirm 1 1',
      'confirm 2 2',
      'confirm 3 3',
    ]);
    await bank.tcc
      .run({ name: 'sequence', order: 'sequence' }, async () => refuse(await three()))
      .catch(() => undefined);
    expect(trace.calls.filter((call) => call.startsWith('cancel'))).toEqual(['cancel 3', 'cancel 2', 'cancel 1']);
  });

  it('in sequence a branch waits for the one before it that has to be repeated', async () => {
    let failures = 1;
    trace.gates.set('confirm 1 1', () => (failures-- > 0 ? Promise.reject(new Error('later')) : Promise.resolve()));
    await bank.tcc.run({ name: 'sequence', order: 'sequence' }, async () => {
      await steps.ordered('1');
      await steps.ordered('2');
    });
    await eventually(() =>
      expect(trace.calls.filter((c) => c.startsWith('confirm'))).toEqual(['confirm 1 1', 'confirm 1 1', 'confirm 2 2']),
    );
  });

  it('a cancel asked for even if not tried is called for a try that was rolled back', async () => {
    await bank.tcc.run({ name: 'outside' }, () => steps.outside('z')).catch(() => undefined);
    expect(trace.calls).toEqual(['outside z', 'outside cancel z']);
  });

  it('a cancel that hangs holds up neither the confirms of its transaction nor its messages', async () => {
    const gate = new Gate();
    trace.gates.set('outside cancel z', gate.pass);
    await bank.tcc.run({ name: 'mixed', phaseTwo: 'background' }, async () => {
      await steps.outside('z').catch(() => undefined);
      await steps.ordered('y');
      await steps.told('x');
    });
    await gate.reached;
    await eventually(() => expect(trace.calls).toEqual(expect.arrayContaining(['confirm y Y', 'told x'])), 3_000);
    gate.open();
  });

  it('“not yet” is called again and counts as no attempt', async () => {
    let refusals = 3;
    trace.gates.set('confirm y Y', () =>
      refusals-- > 0 ? Promise.reject(new RetryLaterError(20)) : Promise.resolve(),
    );
    const xid = await bank.tcc.run(
      { name: 'not yet' },
      async () => (await steps.ordered('y'), bank.tcc.transaction.xid),
    );
    await eventually(() => expect(trace.calls).toHaveLength(5));
    const [branch] = await bank.app.get<LedgerPort>(TCC_LEDGER).branches(xid);
    expect(branch).toMatchObject({ attempts: 0 });
  });

  it('effects: database is recorded although the registration overlaps the try', async () => {
    const quick = bank.app.get(Quick);
    const xid = await bank.tcc.run({ name: 'overlap' }, async () => (await quick.take('q'), bank.tcc.transaction.xid));
    expect((await bank.wallets('q')).north).toEqual({ balance: 90, held: 0, gone: 10 });
    expect(await bank.app.get<LedgerPort>(TCC_LEDGER).branches(xid)).toHaveLength(1);
  });

  it('a participant without decorators works like one with', async () => {
    const left = await bank.tcc.run({ name: 'plain' }, async () => {
      const receipt = await bank.tcc.branch(counter, 'take', 'c', 7);
      await bank.tcc.branch(counter, 'note', 'hello');
      return receipt.left;
    });
    expect(left).toBe(93);
    expect(trace.calls).toEqual(['counter kept c 7 93', 'counter noted hello']);
    await bank.tcc
      .run({ name: 'plain' }, async () => refuse(await bank.tcc.branch(counter, 'take', 'c', 7)))
      .catch(() => undefined);
    expect((await bank.wallets('c')).south.balance).toBe(93);
  });

  describe('without DataSource', () => {
    it('confirm and cancel are called with the branch’s key, and need no database', async () => {
      await bank.tcc.run({ name: 'third' }, () => third.charge('x'));
      expect(trace.calls).toEqual(['charge x', 'capture x receipt of x 1']);
      await bank.tcc.run({ name: 'third' }, async () => refuse(await third.charge('x'))).catch(() => undefined);
      expect(trace.calls.slice(2)).toEqual(['charge x', 'refund x']);
    });

    it('a try beyond its limit fails and is aborted, and its cancel waits until deadline and limit have passed', async () => {
      const gate = new Gate();
      trace.gates.set('charge slow', gate.pass);
      const startedAt = performance.now();
      const error: unknown = await bank.tcc
        .run({ name: 'limit', timeout: '1s' }, () => third.charge('slow'))
        .catch((e: unknown) => e);
      expect(error).toMatchObject({ code: 'TCC_TRY_TIME_LIMIT' });
      expect(trace.calls).toEqual(['charge slow', 'aborted slow']);
      await eventually(() => expect(trace.calls).toContain('refund slow'));
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_300);
      gate.open();
    });

    it('an error is no answer of the third party: the caller hears it at once, the cancel waits as long', async () => {
      trace.gates.set('charge cut', () => Promise.reject(new Error('connection cut')));
      const startedAt = performance.now();
      await expect(bank.tcc.run({ name: 'cut', timeout: '1s' }, () => third.charge('cut'))).rejects.toThrow(
        'connection cut',
      );
      expect(performance.now() - startedAt).toBeLessThan(1_000);
      expect(trace.calls).toEqual(['charge cut']);
      await eventually(() => expect(trace.calls).toContain('refund cut'));
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(1_300);
    });

    it('an initiator’s death leaves the same wait to recovery', async () => {
      const ledger = bank.app.get<LedgerPort>(TCC_LEDGER);
      const branch = {
        seq: 1,
        participant: 'third-party',
        method: 'charge',
        kind: 'tcc',
        args: '["dead"]',
        timeLimitMs: 700,
      } as const;
      const startedAt = performance.now();
      const begin = {
        xid: '01890000-0000-7000-a000-000000000001',
        service: 'bank',
        name: 'dead',
        order: 'together',
        baggage: {},
      } as const;
      await ledger.flush({
        begins: [{ ...begin, deadline: startedAt + 100, branches: [branch] }],
        registers: [],
        decides: [],
        settles: [],
      });
      await eventually(() => expect(trace.calls).toEqual(['refund dead']));
      expect(performance.now() - startedAt).toBeGreaterThanOrEqual(800);
    });

    it('a message may start a global transaction keyed by its branch: done once, however often it is delivered', async () => {
      let failures = 1;
      trace.gates.set('try f', () => (failures-- > 0 ? Promise.reject(new Error('later')) : Promise.resolve()));
      await bank.tcc.run({ name: 'starts another' }, () => third.follow('f'));
      await eventually(() => expect(trace.calls).toEqual(['try f', 'try f', 'confirm f F']));
    });
  });

  it('baggage is there in every phase, recovery included', async () => {
    const seen: (string | undefined)[] = [];
    let failures = 1;
    trace.gates.set('confirm y Y', () => {
      seen.push(bank.tcc.baggage['tenant']);
      return failures-- > 0 ? Promise.reject(new Error('later')) : Promise.resolve();
    });
    await bank.tcc.runWithBaggage({ tenant: 'acme' }, () =>
      bank.tcc.run({ name: 'baggage' }, () => steps.ordered('y')),
    );
    await eventually(() => expect(seen).toEqual(['acme', 'acme']));
  });

  it('leaves the wallets of others alone', async () => {
    expect((await bank.wallets('a')).south).toEqual(whole);
  });
});
