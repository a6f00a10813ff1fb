import {
  Global,
  Injectable,
  Module,
  type INestApplicationContext,
  type OnModuleInit,
  type Provider,
} from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  GlobalTransaction,
  NoGlobalTransactionError,
  Recovery,
  RuntimeNotFoundError,
  Tcc,
  UnknownParticipantError,
} from 'nestjs-tcc';
import type { TestDatabase } from '../support/database.js';
import { createShopDatabase, holdsOf, recovered, shopModule, startContext } from './support/shop-app.js';
import { Holds, Journal, Shop, STOCK, Stock } from './support/stock.js';

/** An initiator that knows nothing of its application. */
class Plain {
  @GlobalTransaction()
  async work(tries: () => Promise<unknown> = () => Promise.resolve()): Promise<string> {
    await tries();
    return 'done';
  }
}

const caught = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'nothing thrown',
    (error: unknown) => error,
  );

describe('an application finds its runtime', () => {
  let north: TestDatabase;
  let south: TestDatabase;
  const running: INestApplicationContext[] = [];

  beforeAll(async () => {
    [north, south] = await Promise.all([createShopDatabase(), createShopDatabase()]);
  });
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
  });
  afterAll(() => Promise.all([north?.drop(), south?.drop()]));

  const providers = (more: Provider[] = []): Provider[] => [
    Holds,
    Stock,
    Shop,
    { provide: STOCK, useExisting: Stock },
    { provide: Journal, useValue: new Journal() },
    ...more,
  ];
  const start = async (
    database: TestDatabase,
    more: Provider[] = [],
    options: Parameters<typeof startContext>[1] = {},
  ): Promise<INestApplicationContext> => {
    const app = await startContext(shopModule(database, { providers: providers(more) }), options);
    running.push(app);
    return app;
  };

  describe('beside another one with the same classes in the same process', () => {
    let a: INestApplicationContext;
    let b: INestApplicationContext;
    beforeEach(async () => {
      a = await start(north);
      b = await start(south);
    });

    it('uses its own ledger and database, whichever started last', async () => {
      const inA = await a.get(Shop).buy('apple');
      const inB = await b.get(Shop).buy('apple');
      expect([await holdsOf(a, inA), await holdsOf(b, inA)]).toEqual([['used'], []]);
      expect([await holdsOf(a, inB), await holdsOf(b, inB)]).toEqual([[], ['used']]);
      expect([await a.get(Tcc).outcome(inB), await b.get(Tcc).outcome(inA)]).toEqual([undefined, undefined]);
    });

    it('does not take the other one’s transaction for its own', async () => {
      const xids: string[] = [];
      const refused = await caught(
        a.get(Tcc).run({ name: 'mixed' }, async () => {
          xids.push(a.get(Tcc).transaction.xid);
          expect(() => b.get(Tcc).transaction).toThrow(NoGlobalTransactionError);
          await b.get(Stock).reserve('apple');
        }),
      );
      expect(refused).toBeInstanceOf(NoGlobalTransactionError);
      expect([await a.get(Tcc).outcome(xids[0]!), await b.get(Tcc).outcome(xids[0]!)]).toEqual([undefined, undefined]);
      expect([await holdsOf(a, xids[0]!), await holdsOf(b, xids[0]!)]).toEqual([[], []]);
    });

    it('begins one of its own inside the other one’s, which ends as it likes', async () => {
      const own = new Error('no');
      let inB = '';
      const thrown = await caught(
        a.get(Tcc).run({ name: 'outer' }, async () => {
          await a.get(Stock).reserve('apple');
          inB = await b.get(Shop).buy('pear');
          throw own;
        }),
      );
      expect(thrown).toBe(own);
      expect(await holdsOf(b, inB)).toEqual(['used']);
      expect(await holdsOf(a, a.get(Tcc).xidOf(own)!)).toEqual(['given back']);
    });

    it('cannot tell which one an object means that Nest did not construct, until only one is left', async () => {
      const plain = new Plain();
      const error = await caught(plain.work());
      expect(error).toBeInstanceOf(RuntimeNotFoundError);
      expect(error).toMatchObject({ live: 2, method: 'Plain.work' });
      await running.pop()!.close();
      expect(await plain.work()).toBe('done');
    });
  });

  it('is found for an object that Nest did not construct while it is the only one', async () => {
    const app = await start(north);
    const stock = new Stock(app.get(Holds), app.get(Tcc), app.get(Journal));
    let xid = '';
    await new Plain().work(async () => {
      await stock.reserve('apple');
      xid = app.get(Tcc).transaction.xid;
    });
    // confirmed on the provider: recovery in another process would have nothing else
    expect(await holdsOf(app, xid)).toEqual(['used']);
    expect(app.get(Journal).calls).toEqual([expect.objectContaining({ on: app.get(Stock) })]);
  });

  it('refuses a try of an object whose class nobody provides: nobody could confirm it', async () => {
    const app = await start(north);
    class Stranger extends Stock {}
    const stranger = new Stranger(app.get(Holds), app.get(Tcc), app.get(Journal));
    const error = await caught(new Plain().work(() => stranger.reserve('apple')));
    expect(error).toBeInstanceOf(UnknownParticipantError);
    expect(error).toMatchObject({ branch: 'Stranger.reserve', known: ['stock.reserve'] });
    // eslint-disable-next-line typescript/unbound-method -- the mistake that is to be reported
    const { reserve } = app.get(Stock);
    expect(await caught(new Plain().work(() => reserve('apple')))).toBeInstanceOf(UnknownParticipantError);
  });

  it('is not found where no TccModule is imported', async () => {
    @Module({ providers: [Plain] })
    class Without {}
    const app = await NestFactory.createApplicationContext(Without, { logger: false });
    running.push(app);
    const error = await caught(app.get(Plain).work());
    expect(error).toBeInstanceOf(RuntimeNotFoundError);
    expect(error).toMatchObject({ live: 0, method: 'Plain.work' });
  });

  it('is not ready before it has been initialised: in a constructor, in an earlier onModuleInit', async () => {
    const errors: unknown[] = [];
    const called: Promise<void>[] = [];
    const note = (work: Promise<unknown>): void =>
      void called.push(caught(work).then((error) => void errors.push(error)));

    @Injectable()
    class Early extends Plain implements OnModuleInit {
      constructor(private readonly tcc: Tcc) {
        super();
        note(this.work());
        note(tcc.run({ name: 'early' }, async () => 'done'));
      }
      onModuleInit(): void {
        note(this.work());
        note(this.tcc.run({ name: 'early' }, async () => 'done'));
      }
    }
    @Global()
    @Module({ providers: [Early] })
    class EarlyModule {}
    // hooks of global modules run in the order in which they are imported
    @Module({ imports: [EarlyModule, shopModule(north, { providers: providers() })] })
    class Outer {}
    running.push(await startContext(Outer));
    await Promise.all(called);
    expect(errors).toEqual(Array.from({ length: 4 }, () => expect.any(RuntimeNotFoundError)));
  });

  it('is ready in the onModuleInit of the modules that use it', async () => {
    @Injectable()
    class Later implements OnModuleInit {
      xid = '';
      constructor(private readonly shop: Shop) {}
      async onModuleInit(): Promise<void> {
        this.xid = await this.shop.buy('apple');
      }
    }
    const app = await start(north, [Later]);
    expect(await holdsOf(app, app.get(Later).xid)).toEqual(['used']);
  });

  describe.each([
    ['is transparent', <T extends object>(instance: T): T => new Proxy(instance, {})],
    [
      'binds methods to what it wraps',
      <T extends object>(instance: T): T =>
        new Proxy(instance, {
          get: (target, key) => {
            const value: unknown = Reflect.get(target, key, target);
            return typeof value === 'function' && key !== 'constructor' ? value.bind(target) : value;
          },
        }),
    ],
  ])('although `instrument.instanceDecorator` %s', (_what, decorate) => {
    it('and tries, confirms, cancels and recovers as ever', async () => {
      const ours = (instance: unknown): unknown =>
        instance instanceof Stock || instance instanceof Shop ? decorate(instance) : instance;
      const app = await start(north, [], { instrument: { instanceDecorator: ours } });
      expect(await holdsOf(app, await app.get(Shop).buy('apple'))).toEqual(['used']);
      const changed = app.get(Tcc).xidOf(await caught(app.get(Shop).change('pear')))!;
      expect(await holdsOf(app, changed)).toEqual(['given back']);
      app.get(Journal).broken = true;
      const owed = await app.get(Shop).buy('plum');
      app.get(Journal).broken = false;
      expect(await recovered(app, owed)).toBe('confirmed');
      expect(await holdsOf(app, owed)).toEqual(['used']);
    });
  });

  it('is gone when its application has closed', async () => {
    const app = await start(north);
    const shop = app.get(Shop);
    await running.pop()!.close();
    expect(await caught(shop.buy('apple'))).toMatchObject({ code: 'TCC_RUNTIME_NOT_FOUND', live: 0 });
    expect(await caught(new Plain().work())).toMatchObject({ code: 'TCC_RUNTIME_NOT_FOUND', live: 0 });
    expect(app.get(Recovery).isHealthy()).toBe(false);
  });
});
