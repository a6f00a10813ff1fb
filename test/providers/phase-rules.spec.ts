import { Injectable, type INestApplicationContext } from '@nestjs/common';
import {
  Cancel,
  Confirm,
  defineParticipant,
  defineTry,
  GlobalTransaction,
  Message,
  Participant,
  Propagation,
  Tcc,
  Try,
} from 'nestjs-tcc';
import { DataSource } from 'typeorm';
import type { TestDatabase } from '../support/database.js';
import { createShopDatabase, holdsOf, shopModule, startContext } from './support/shop-app.js';
import { Holds, Journal, STOCK, Shop, Stock } from './support/stock.js';

/** What a phase does besides its work: set by the test. */
class Mischief {
  inTry: () => unknown = () => undefined;
  inConfirm: () => unknown = () => undefined;
  inCancel: () => unknown = () => undefined;
  inMessage: () => unknown = () => undefined;
}

@Injectable()
@Participant('meddler')
class Meddler {
  readonly ran: string[] = [];
  constructor(private readonly mischief: Mischief) {}

  @Try()
  async begin(): Promise<void> {
    this.ran.push('try');
    await this.mischief.inTry();
  }
  @Confirm('begin')
  async end(): Promise<void> {
    this.ran.push('confirm');
    await this.mischief.inConfirm();
  }
  @Cancel('begin')
  async undo(): Promise<void> {
    this.ran.push('cancel');
    await this.mischief.inCancel();
  }
  @Message()
  async told(): Promise<void> {
    this.ran.push('message');
    await this.mischief.inMessage();
  }
}

@Injectable()
class Initiators {
  @GlobalTransaction()
  async required(): Promise<string> {
    return 'ran';
  }
  @GlobalTransaction({ propagation: Propagation.REQUIRES_NEW })
  async requiresNew(): Promise<string> {
    return 'ran';
  }
  @GlobalTransaction({ propagation: Propagation.MANDATORY })
  async mandatory(): Promise<string> {
    return 'ran';
  }
  @GlobalTransaction({ propagation: Propagation.SUPPORTS })
  async supports(): Promise<string> {
    return 'ran';
  }
  @GlobalTransaction({ propagation: Propagation.NOT_SUPPORTED })
  async notSupported(): Promise<string> {
    return 'ran';
  }
  @GlobalTransaction({ propagation: Propagation.NEVER })
  async never(): Promise<string> {
    return 'ran';
  }
}

const plain = defineParticipant(
  'plain',
  {},
  {
    begin: defineTry({ try: async (text: string) => text, confirm: false, cancel: () => undefined }),
    told: { message: () => undefined },
  },
);
@Injectable()
class Definitions {
  constructor(tcc: Tcc) {
    tcc.register(plain);
  }
}

/** The code of what a call throws, whether at once or later; `ran` when it throws nothing. */
async function codeOf(call: () => unknown): Promise<string> {
  try {
    await call();
    return 'ran';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe('a phase', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let tcc: Tcc;
  let meddler: Meddler;
  let mischief: Mischief;
  let stock: Stock;
  let dataSource: DataSource;

  beforeAll(async () => {
    database = await createShopDatabase();
  });
  beforeEach(async () => {
    const journal = { provide: Journal, useValue: new Journal() };
    const shop = [Shop, Stock, { provide: STOCK, useExisting: Stock }, Holds, journal];
    const providers = [Meddler, Mischief, Initiators, Definitions, ...shop];
    app = await startContext(shopModule(database, { providers }));
    tcc = app.get(Tcc);
    meddler = app.get(Meddler);
    mischief = app.get(Mischief);
    stock = app.get(Stock);
    dataSource = app.get(DataSource);
  });
  afterEach(() => app?.close());
  afterAll(() => database?.drop());

  /** Everything that no phase may do. */
  const forbidden = (): Record<string, () => unknown> => {
    const initiators = app.get(Initiators);
    return {
      'another try': () => stock.reserve('apple'),
      'a message': () => meddler.told(),
      'a try without decorators': () => tcc.branch(plain, 'begin', 'x'),
      'a message without decorators': () => tcc.branch(plain, 'told'),
      'tcc.run()': () => tcc.run({ name: 'nested' }, () => Promise.resolve()),
      REQUIRED: () => initiators.required(),
      REQUIRES_NEW: () => initiators.requiresNew(),
      MANDATORY: () => initiators.mandatory(),
      SUPPORTS: () => initiators.supports(),
      NOT_SUPPORTED: () => initiators.notSupported(),
      NEVER: () => initiators.never(),
    };
  };
  const allCodes = async (calls: Record<string, () => unknown>): Promise<Record<string, string>> => {
    const codes: Record<string, string> = {};
    for (const [name, call] of Object.entries(calls)) codes[name] = await codeOf(call);
    return codes;
  };
  const all = (calls: Record<string, unknown>, code: string): Record<string, string> =>
    Object.fromEntries(Object.keys(calls).map((name) => [name, code]));

  it.each(['inTry', 'inConfirm', 'inCancel', 'inMessage'] as const)(
    'calls no try, no message and no initiator (%s)',
    async (where) => {
      const calls = { ...forbidden(), 'its own try': () => meddler.begin() };
      let codes: Record<string, string> = {};
      mischief[where] = async () => void (codes = await allCodes(calls));
      await codeOf(() =>
        tcc.run({ name: 'outer' }, async () => {
          await meddler.begin();
          await meddler.told();
          if (where === 'inCancel') throw new Error('no');
        }),
      );
      expect(codes).toEqual(all(calls, 'TCC_NESTED_TRY'));
      // its own work was done all the same, once
      const [, phase] = /^in(\w+)$/.exec(where)!;
      expect(meddler.ran.filter((name) => name === phase!.toLowerCase())).toHaveLength(1);
    },
  );

  it('is not called by anybody but the coordinator', async () => {
    const calls = {
      confirm: () => meddler.end(),
      cancel: () => meddler.undo(),
      another: () => stock.use('x', 1, { item: 'x', count: 1 }),
    };
    const codes: Record<string, Record<string, string>> = {};
    const note = (where: string) => async (): Promise<void> => void (codes[where] = await allCodes(calls));
    mischief.inTry = note('try');
    mischief.inConfirm = note('confirm');
    mischief.inMessage = note('message');
    await note('outside')();
    await tcc.run({ name: 'confirmed' }, async () => {
      await note('initiator')();
      await meddler.begin();
      await meddler.told();
    });
    mischief.inTry = () => undefined;
    mischief.inCancel = note('cancel');
    await codeOf(() =>
      tcc.run({ name: 'cancelled' }, () => meddler.begin().then(() => Promise.reject(new Error('no')))),
    );
    const direct = all(calls, 'TCC_DIRECT_PHASE_CALL');
    expect(codes).toEqual({
      outside: direct,
      initiator: direct,
      try: direct,
      confirm: direct,
      cancel: direct,
      message: direct,
    });
    expect(meddler.ran).toEqual(['try', 'confirm', 'message', 'try', 'cancel']);
  });

  it('try: needs a global transaction, and does not run without one', async () => {
    const calls = {
      try: () => meddler.begin(),
      message: () => meddler.told(),
      'without decorators': () => tcc.branch(plain, 'begin', 'x'),
      MANDATORY: () => app.get(Initiators).mandatory(),
      'tcc.transaction': () => tcc.transaction.xid,
    };
    expect(await allCodes(calls)).toEqual(all(calls, 'TCC_NO_GLOBAL_TRANSACTION'));
    expect(meddler.ran).toEqual([]);
  });

  it('try: is refused after the method that it was called in has ended, be it one that joined', async () => {
    const late: (() => Promise<string>)[] = [];
    const { AsyncResource } = await import('node:async_hooks');
    const keep = async (): Promise<void> => void late.push(AsyncResource.bind(() => codeOf(() => meddler.begin())));
    await tcc.run({ name: 'outer' }, async () => {
      await tcc.run({ name: 'joined' }, keep);
      expect(await late.pop()!()).toBe('TCC_TRANSACTION_CLOSED');
      await meddler.begin();
      await keep();
    });
    expect(await late.pop()!()).toBe('TCC_TRANSACTION_CLOSED');
    expect(meddler.ran).toEqual(['try', 'confirm']);
  });

  it('try: is refused inside an open transaction on its own DataSource, which it could wait on for ever', async () => {
    const other = await new DataSource({ type: 'postgres', url: database.url }).initialize();
    const codes = await tcc.run({ name: 'open' }, async () => ({
      own: await dataSource.transaction(() => codeOf(() => stock.reserve('apple'))),
      nested: await dataSource.transaction((manager) =>
        manager.transaction(() => codeOf(() => stock.reserve('apple'))),
      ),
      viaManager: await dataSource.manager.transaction('READ COMMITTED', () => codeOf(() => stock.reserve('apple'))),
      'another DataSource': await other.transaction(() => codeOf(() => stock.reserve('pear'))),
      afterwards: await codeOf(() => stock.reserve('plum')),
      xid: tcc.transaction.xid,
    }));
    await other.destroy();
    const { xid, ...rest } = codes;
    expect(rest).toEqual({
      own: 'TCC_OPEN_LOCAL_TRANSACTION',
      nested: 'TCC_OPEN_LOCAL_TRANSACTION',
      viaManager: 'TCC_OPEN_LOCAL_TRANSACTION',
      'another DataSource': 'ran',
      afterwards: 'ran',
    });
    expect(await holdsOf(app, xid)).toEqual(['used', 'used']);
  });

  it('is what tcc.branch tells of, and outside of one it says so', async () => {
    const fields = ['xid', 'seq', 'phase', 'idempotencyKey', 'manager', 'signal'] as const;
    const outside = Object.fromEntries(fields.map((field) => [field, () => tcc.branch[field]]));
    expect(await allCodes(outside)).toEqual(all(outside, 'TCC_NO_BRANCH'));
    const seen: unknown[] = [];
    const note = (): void => {
      const { xid, seq, phase, idempotencyKey } = tcc.branch;
      seen.push({ xid, seq, phase, key: idempotencyKey, manager: tcc.branch.manager.connection === dataSource });
    };
    mischief.inTry = mischief.inConfirm = note;
    const xid = await tcc.run({ name: 'told' }, async () => {
      expect(await codeOf(() => tcc.branch.idempotencyKey)).toBe('TCC_NO_BRANCH');
      await stock.reserve('apple');
      await meddler.begin();
      return tcc.transaction.xid;
    });
    const ours = { xid, seq: 2, key: `${xid}:2`, manager: true };
    expect(seen).toEqual([
      { ...ours, phase: 'try' },
      { ...ours, phase: 'confirm' },
    ]);
  });

  it('without decorators is registered before it is called', async () => {
    const stranger = defineParticipant(
      'stock',
      {},
      { reserve: defineTry({ try: async () => 1, confirm: false, cancel: false }) },
    );
    const calls = {
      called: () => tcc.run({ name: 'stranger' }, () => tcc.branch(stranger, 'reserve')),
      registered: () => tcc.register(stranger),
    };
    expect(await allCodes(calls)).toEqual(all(calls, 'TCC_CONFIGURATION'));
    expect(await codeOf(() => tcc.run({ name: 'unknown' }, () => tcc.branch(plain, 'nothing' as 'told')))).toBe(
      'TCC_UNKNOWN_PARTICIPANT',
    );
    expect(await tcc.run({ name: 'known' }, () => tcc.branch(plain, 'begin', 'x'))).toBe('x');
  });
});
