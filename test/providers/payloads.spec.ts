import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { Injectable, type INestApplicationContext } from '@nestjs/common';
import {
  Cancel,
  Confirm,
  defaultPayloadCodec,
  GlobalTransaction,
  Message,
  Participant,
  PayloadError,
  Recovery,
  Tcc,
  TccEvents,
  Try,
  type PayloadCodec,
  type TccModuleOptions,
} from 'nestjs-tcc';
import { DataSource } from 'typeorm';
import type { TestDatabase } from '../support/database.js';
import { createShopDatabase, holdsOf, recovered, shopModule, startContext } from './support/shop-app.js';
import { Holds, Journal, STOCK, Shop, Stock } from './support/stock.js';

/** Keeps anything. */
@Injectable()
@Participant('attic')
class Attic {
  ran = 0;
  constructor(
    private readonly holds: Holds,
    private readonly tcc: Tcc,
    private readonly journal: Journal,
  ) {}

  @Try({ name: 'keep-plainly' })
  async keepPlainly(thing: unknown): Promise<unknown> {
    return this.work(thing, thing);
  }
  @Try({ name: 'keep-answer' })
  async keepAnswer(name: string): Promise<unknown> {
    return this.work(name, ANSWERS[name]!());
  }
  private async work(thing: unknown, answer: unknown): Promise<unknown> {
    this.ran++;
    await this.holds.take(this.tcc.branch.idempotencyKey, { item: typeof thing, count: 1 });
    if (Array.isArray((thing as { list?: unknown[] } | undefined)?.list))
      (thing as { list: unknown[] }).list.push('later');
    return answer;
  }

  @Confirm('keepPlainly')
  async usePlainly(...all: unknown[]): Promise<void> {
    this.journal.note('confirm', this, all);
    await this.holds.turn(this.tcc.branch.idempotencyKey, 'used');
  }
  @Cancel('keepPlainly')
  async giveBackPlainly(...all: unknown[]): Promise<void> {
    this.journal.note('cancel', this, all);
    await this.holds.turn(this.tcc.branch.idempotencyKey, 'given back');
  }
  @Confirm('keepAnswer')
  async useAnswer(...all: unknown[]): Promise<void> {
    this.journal.note('confirm', this, all);
  }
  @Cancel('keepAnswer')
  async giveBackAnswer(...all: unknown[]): Promise<void> {
    this.journal.note('cancel', this, all);
  }

  @Message()
  async told(_thing: unknown): Promise<void> {}
}

/** Answers that nothing can store. */
const ANSWERS: Record<string, () => unknown> = {
  function: () => () => 0,
  cycle: () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    return cycle;
  },
  large: () => 'x'.repeat(300_000),
};

@Injectable()
class Keyed {
  constructor(private readonly attic: Attic) {}

  @GlobalTransaction({ name: 'keyed', key: (key: string) => key, fingerprint: () => 'always the same' })
  async once(_key: string, answer: unknown): Promise<unknown> {
    await this.attic.keepPlainly('thing');
    return answer;
  }
  @GlobalTransaction({ name: 'by-arguments', key: (key: string) => key })
  async byArguments(_key: string, thing: object): Promise<string> {
    await this.attic.keepPlainly(thing);
    return randomBytes(8).toString('hex');
  }
}

/** AES-256-GCM: another text each time. */
class EncryptingCodec implements PayloadCodec {
  constructor(private readonly key: Buffer) {}
  encode(value: unknown): string {
    const iv = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.key, iv);
    const sealed = Buffer.concat([cipher.update(defaultPayloadCodec.encode(value), 'utf8'), cipher.final()]);
    return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64');
  }
  decode(text: string): unknown {
    const bytes = Buffer.from(text, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', this.key, bytes.subarray(0, 12));
    decipher.setAuthTag(bytes.subarray(12, 28));
    const open = Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]);
    return defaultPayloadCodec.decode(open.toString());
  }
}

const rich = () => ({
  at: new Date(0),
  big: 2n ** 70n,
  none: undefined,
  list: [Number.NaN, -0, undefined],
  map: new Map([['a', new Set([1])]]),
  bytes: Buffer.from('bytes'),
  floats: Float32Array.of(0.5),
});
const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing thrown',
    (error: unknown) => error,
  );

describe('payloads', () => {
  let database: TestDatabase;
  let app: INestApplicationContext;
  let tcc: Tcc;
  let attic: Attic;
  let journal: Journal;

  const start = async (options: Partial<TccModuleOptions> = {}): Promise<void> => {
    journal = new Journal();
    const stock = [Stock, Shop, { provide: STOCK, useExisting: Stock }];
    const providers = [Holds, Attic, Keyed, { provide: Journal, useValue: journal }, ...stock];
    app = await startContext(shopModule(database, { providers }, options));
    tcc = app.get(Tcc);
    attic = app.get(Attic);
  };
  const recorded = async (xid: string): Promise<number> => {
    const [{ count }] = (await app
      .get(DataSource)
      .query('select count(*)::int from tcc_branch where xid = $1', [xid])) as [{ count: number }];
    return count;
  };

  beforeAll(async () => {
    database = await createShopDatabase();
  });
  beforeEach(() => start());
  afterEach(() => app?.close());
  afterAll(() => database?.drop());

  it('arrive in confirm as they were given to the try, and so does its result', async () => {
    await tcc.run({ name: 'rich' }, () => attic.keepPlainly(rich()));
    // the try has changed its argument meanwhile, and returned what it had become
    const returned = rich();
    expect(journal.calls).toEqual([
      { phase: 'confirm', on: attic, args: [rich(), { ...returned, list: [...returned.list, 'later'] }] },
    ]);
  });

  it('arrive in cancel, and after a crash, in the same way', async () => {
    journal.broken = true;
    const error = await caught(
      tcc.run({ name: 'rich' }, async () => {
        await attic.keepPlainly(rich());
        throw new Error('no');
      }),
    );
    const xid = tcc.xidOf(error)!;
    await app.close();
    await start();
    expect(await recovered(app, xid)).toBe('cancelled');
    expect(journal.calls).toEqual([{ phase: 'cancel', on: attic, args: [rich()] }]);
  });

  it('that are too many do not stand where the result belongs', async () => {
    const stock = app.get<{ reserve(...args: unknown[]): Promise<unknown> }>(Stock);
    await tcc.run({ name: 'many' }, () => stock.reserve('apple', 2, 'one', 'more'));
    expect(journal.calls[0]!.args).toEqual(['apple', 2, { item: 'apple', count: 2 }]);
  });

  it.each<[string, unknown, RegExp]>([
    ['a function', { deep: [() => 0] }, /^Argument 1 of attic\.keep-plainly \(\.deep\[0\]\)$/],
    ['a Promise', Promise.resolve(1), /^Argument 1 of attic\.keep-plainly$/],
    ['more than 256 KiB', 'x'.repeat(256 * 1024), /^Arguments of attic\.keep-plainly$/],
  ])('as an argument: %s is refused before the try runs, and nothing is recorded', async (_what, thing, where) => {
    let xid = '';
    const error = await caught(
      tcc.run({ name: 'refused' }, () => {
        xid = tcc.transaction.xid;
        return attic.keepPlainly(thing);
      }),
    );
    expect(error).toBeInstanceOf(PayloadError);
    expect(error).toMatchObject({ where: expect.stringMatching(where), direction: 'write' });
    expect(attic.ran).toBe(0);
    expect(await tcc.outcome(xid)).toBeUndefined();
    expect(await recorded(xid)).toBe(0);
  });

  it('of 256 KiB less a little are taken', async () => {
    const thing = 'x'.repeat(256 * 1024 - 4);
    await tcc.run({ name: 'just' }, () => attic.keepPlainly(thing).then(() => undefined));
    expect(journal.calls[0]!.args).toEqual([thing, thing]);
  });

  it('of a message are refused in the same way', async () => {
    const error = await caught(tcc.run({ name: 'told' }, () => attic.told(Symbol('x'))));
    expect(error).toMatchObject({ code: 'TCC_PAYLOAD', where: 'Argument 1 of attic.told' });
  });

  it('that are refused do not stop the rest of the transaction', async () => {
    const xid = await tcc.run({ name: 'caught' }, async () => {
      await attic.keepPlainly('first');
      await attic.keepPlainly(() => 0).catch(() => undefined);
      await attic.keepPlainly('second');
      return tcc.transaction.xid;
    });
    expect(await holdsOf(app, xid)).toEqual(['used', 'used']);
    expect(await recorded(xid)).toBe(2);
  });

  it.each(Object.keys(ANSWERS))('as the result of a try: %s undoes the try', async (name) => {
    const xid = await tcc.run({ name: 'answers' }, async () => {
      const error = await caught(attic.keepAnswer(name));
      expect(error).toMatchObject({
        code: 'TCC_PAYLOAD',
        where: expect.stringMatching(/^Result of attic\.keep-answer/),
      });
      await attic.keepPlainly('the other one');
      return tcc.transaction.xid;
    });
    expect(attic.ran).toBe(2);
    // of the first nothing is left, and so its cancel has nothing to do
    expect(await holdsOf(app, xid)).toEqual(['used']);
    expect(journal.calls.map(({ phase, args }) => [phase, args[0]])).toEqual([['confirm', 'the other one']]);
  });

  it('as the result of an initiator with a key cancel everything, and free the key', async () => {
    const keyed = app.get(Keyed);
    for (const name of Object.keys(ANSWERS)) {
      const error = await caught(keyed.once('key', ANSWERS[name]!()));
      expect(error).toMatchObject({ code: 'TCC_PAYLOAD', where: expect.stringMatching(/^Result of keyed/) });
      expect(await holdsOf(app, tcc.xidOf(error)!)).toEqual(['given back']);
    }
    expect(await keyed.once('key', rich())).toEqual(rich());
    // from the ledger
    expect(await keyed.once('key', 'not looked at')).toEqual(rich());
    expect(attic.ran).toBe(Object.keys(ANSWERS).length + 1);
  });

  it('as the result of an initiator without a key are none of our business', async () => {
    const answer = ANSWERS['cycle']!();
    expect(await tcc.run({ name: 'free' }, () => attic.keepPlainly('thing').then(() => answer))).toBe(answer);
    const thrown = Object.assign(new Error('no'), { cycle: answer });
    expect(
      await caught(tcc.run({ name: 'free' }, () => attic.keepPlainly('thing').then(() => Promise.reject(thrown)))),
    ).toBe(thrown);
  });

  it('are the same request whatever the order of their properties, and another one otherwise', async () => {
    const keyed = app.get(Keyed);
    const first = await keyed.byArguments('a-key', { a: 1, b: { c: new Date(0), d: 2n } });
    expect(await keyed.byArguments('a-key', { b: { d: 2n, c: new Date(0) }, a: 1 })).toBe(first);
    const error = await caught(keyed.byArguments('a-key', { a: 1, b: { c: new Date(1), d: 2n } }));
    expect(error).toMatchObject({ code: 'TCC_KEY_REUSE' });
  });

  describe('with a codec of the application’s own', () => {
    const codec = new EncryptingCodec(randomBytes(32));
    beforeEach(async () => {
      await app.close();
      await start({ codec });
    });

    it('are readable by nobody else, and arrive all the same', async () => {
      journal.broken = true;
      const xid = await tcc.run({ name: 'sealed' }, async () => {
        await attic.keepPlainly({ secret: 'tell nobody', at: new Date(0) });
        return tcc.transaction.xid;
      });
      const stored = await app
        .get(DataSource)
        .query('select b.args, t.outcomes from tcc_branch b join tcc_transaction t using (xid) where xid = $1', [xid]);
      expect(JSON.stringify(stored)).not.toMatch(/tell nobody|secret|dGVsbCBub2JvZHk/);
      journal.broken = false;
      journal.calls.length = 0;
      expect(await recovered(app, xid)).toBe('confirmed');
      const thing = { secret: 'tell nobody', at: new Date(0) };
      expect(journal.calls[0]!.args).toEqual([thing, thing]);
      const keyed = app.get(Keyed);
      expect([await keyed.once('sealed', rich()), await keyed.once('sealed', 'again')]).toEqual([rich(), rich()]);
      const first = await keyed.byArguments('sealed-too', { a: 1, b: 2 });
      expect(await keyed.byArguments('sealed-too', { b: 2, a: 1 })).toBe(first);
    });
  });

  it.each([
    ['arguments', { unreadable: 'POISON' }, 'fine'],
    ['results', 'fine', { unreadable: 'POISON' }],
  ])('that cannot be read back (%s) park their branch, and the others settle', async (what, thing, answer) => {
    await app.close();
    let poisoned = true;
    const decode = (text: string): unknown => {
      if (poisoned && text.includes('POISON')) throw new Error('cannot be read');
      return defaultPayloadCodec.decode(text);
    };
    await start({ codec: { ...defaultPayloadCodec, decode } });
    ANSWERS['told'] = () => answer;
    const parked: unknown[] = [];
    app.get(TccEvents).on('parked', ({ branch, error }) => parked.push([branch, (error as PayloadError).direction]));
    const xid = await tcc.run({ name: 'poisoned' }, async () => {
      if (what === 'arguments') await attic.keepPlainly(thing);
      else await attic.keepAnswer('told');
      await app.get(Stock).reserve('apple');
      return tcc.transaction.xid;
    });
    delete ANSWERS['told'];
    expect(parked).toEqual([[what === 'arguments' ? 'attic.keep-plainly' : 'attic.keep-answer', 'read']]);
    expect((await holdsOf(app, xid)).at(-1)).toBe('used');
    expect(await tcc.outcome(xid)).toMatchObject({ status: 'confirming', parked: 1 });
    // parked is parked: recovery does not touch it, readable or not
    poisoned = false;
    expect(await app.get(Recovery).runOnce()).toBe(0);
    expect(await tcc.outcome(xid)).toMatchObject({ status: 'confirming', parked: 1 });
  });
});
