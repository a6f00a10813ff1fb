import { Inject, Injectable, Module, Scope, type INestApplicationContext, type Provider } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import { Cancel, Confirm, Tcc, Try } from 'nestjs-tcc';
import { DataSource } from 'typeorm';
import type { TestDatabase } from '../support/database.js';
import { createShopDatabase, holdsOf, recovered, shopModule, startContext } from './support/shop-app.js';
import { Holds, Journal, Shop, STOCK, Stock, type Kept } from './support/stock.js';

/** Inherits every phase, and their names in the ledger. */
@Injectable()
class SameStock extends Stock {}

/** Overrides every phase, each calling the one above. */
@Injectable()
class CountingStock extends Stock {
  @Try()
  override async reserve(item: string, count = 1): Promise<Kept> {
    return super.reserve(item, count + 1);
  }
  @Confirm('reserve')
  override async use(item: string, count: number | undefined, kept: Kept): Promise<void> {
    await super.use(item, count, kept);
  }
  @Cancel('reserve')
  override async giveBack(item: string, count?: number): Promise<void> {
    await super.giveBack(item, count);
  }
}

/** Overrides its try with another number of parameters, and inherits the phases that were written for the one above. */
@Injectable()
class OwnStock extends Stock {
  @Try()
  override async reserve(item: string): Promise<Kept> {
    await this.holds.take(this.tcc.branch.idempotencyKey, { item, count: 7 });
    return { item, count: 7 };
  }
}

/** A scoped dependency: there is no HTTP request in phase two, but there is a branch. */
@Injectable({ scope: Scope.REQUEST })
class ScopedHolds extends Holds {
  static readonly requests: unknown[] = [];
  constructor(
    @Inject(DataSource) dataSource: DataSource,
    @Inject(REQUEST) readonly request: unknown,
  ) {
    super(dataSource);
  }
  override async turn(key: string, state: 'used' | 'given back'): Promise<void> {
    ScopedHolds.requests.push(this.request);
    await super.turn(key, state);
  }
}

const make = (holds: Holds, tcc: Tcc, journal: Journal): Stock => new Stock(holds, tcc, journal);
const given = [Holds, Tcc, Journal];
/** A value is there before its application is. */
const valueOf = (journal: Journal): Stock => make(undefined as never, undefined as never, journal);

/** Each way of providing a participant. `providers` is asked once for each application. */
const KINDS: Record<string, { providers: (journal: Journal) => Provider[]; class?: typeof Stock; count?: number }> = {
  'a class': { providers: () => [Stock, { provide: STOCK, useExisting: Stock }] },
  'a request-scoped class': { providers: () => [{ provide: STOCK, useClass: Stock, scope: Scope.REQUEST }] },
  'a transient class': { providers: () => [{ provide: STOCK, useClass: Stock, scope: Scope.TRANSIENT }] },
  'a class with a request-scoped dependency': {
    providers: () => [
      { provide: STOCK, useClass: Stock },
      { provide: Holds, useClass: ScopedHolds },
    ],
  },
  'an alias of a request-scoped class': {
    providers: () => [
      { provide: Stock, useClass: Stock, scope: Scope.REQUEST },
      { provide: STOCK, useExisting: Stock },
    ],
  },
  'an alias of a transient class': {
    providers: () => [
      { provide: Stock, useClass: Stock, scope: Scope.TRANSIENT },
      { provide: STOCK, useExisting: Stock },
    ],
  },
  'useClass with another class': { providers: () => [{ provide: STOCK, useClass: SameStock }], class: SameStock },
  useFactory: { providers: () => [{ provide: STOCK, useFactory: make, inject: given }] },
  'an asynchronous useFactory': {
    providers: () => [
      {
        provide: STOCK,
        useFactory: (...args: Parameters<typeof make>) => Promise.resolve(make(...args)),
        inject: given,
      },
    ],
  },
  useValue: { providers: (journal) => [{ provide: STOCK, useValue: valueOf(journal) }] },
  'useExisting twice': {
    providers: () => [Stock, { provide: 'ALIAS', useExisting: Stock }, { provide: STOCK, useExisting: 'ALIAS' }],
  },
  'a factory that hands out another provider': {
    providers: () => [Stock, { provide: STOCK, useFactory: (stock: Stock) => stock, inject: [Stock] }],
  },
  'overrides that call super': {
    providers: () => [{ provide: STOCK, useClass: CountingStock }],
    class: CountingStock,
    count: 2,
  },
  'an override of the try alone': {
    providers: () => [{ provide: STOCK, useClass: OwnStock }],
    class: OwnStock,
    count: 7,
  },
};

describe('a participant that is provided as', () => {
  let database: TestDatabase;
  const running: INestApplicationContext[] = [];

  beforeAll(async () => {
    database = await createShopDatabase();
  });
  afterEach(async () => {
    for (const app of running.splice(0)) await app.close();
    ScopedHolds.requests.length = 0;
  });
  afterAll(() => database?.drop());

  const start = async (
    journal: Journal,
    providers: Provider[],
  ): Promise<{ app: INestApplicationContext; shop: Shop }> => {
    const module = shopModule(database, {
      providers: [Holds, Shop, { provide: Journal, useValue: journal }, ...providers],
    });
    const app = await startContext(module);
    running.push(app);
    const shop = await app.resolve(Shop);
    // what useValue could not have
    Object.assign(shop.stock, { holds: (shop.stock as Stock).holds ?? app.get(Holds), tcc: app.get(Tcc) });
    return { app, shop };
  };

  describe.each(Object.entries(KINDS))('%s', (_kind, { providers, class: type = Stock, count = 1 }) => {
    it('is confirmed, cancelled, and both by another instance after this one is gone', async () => {
      const journal = new Journal();
      const { app, shop } = await start(journal, providers(journal));

      const bought = await shop.buy('apple');
      expect(await holdsOf(app, bought)).toEqual(['used']);
      const changed = app.get(Tcc).xidOf(await shop.change('pear').catch((error: unknown) => error))!;
      expect(await holdsOf(app, changed)).toEqual(['given back']);

      expect(journal.calls).toEqual([
        { phase: 'confirm', on: expect.any(type), args: ['apple', undefined, { item: 'apple', count }] },
        { phase: 'cancel', on: expect.any(type), args: ['pear', undefined] },
      ]);

      journal.broken = true;
      const owedConfirm = await shop.buy('plum');
      const owedCancel = app.get(Tcc).xidOf(await shop.change('fig').catch((error: unknown) => error))!;
      expect([...(await holdsOf(app, owedConfirm)), ...(await holdsOf(app, owedCancel))]).toEqual(['held', 'held']);
      await running.pop()!.close();
      journal.broken = false;

      const { app: other } = await start(journal, providers(journal));
      expect(await recovered(other, owedConfirm)).toBe('confirmed');
      expect(await recovered(other, owedCancel)).toBe('cancelled');
      expect([...(await holdsOf(other, owedConfirm)), ...(await holdsOf(other, owedCancel))]).toEqual([
        'used',
        'given back',
      ]);
    });
  });

  it('one with scoped dependencies gets a fresh object for each branch, and the branch as REQUEST', async () => {
    const journal = new Journal();
    const { shop } = await start(journal, KINDS['a class with a request-scoped dependency']!.providers(journal));
    const first = await shop.buy('apple');
    const second = shop.tcc.xidOf(await shop.change('apple').catch((error: unknown) => error))!;
    expect(ScopedHolds.requests).toEqual([
      { xid: first, seq: 1, phase: 'confirm' },
      { xid: second, seq: 1, phase: 'cancel' },
    ]);
    const [a, b] = journal.calls;
    expect(a!.on).not.toBe(b!.on);
  });

  it('an override may call its own phase above it, and no other one', async () => {
    const codes: unknown[] = [];
    @Injectable()
    class Confused extends CountingStock {
      @Confirm('reserve')
      override async use(item: string, count: number | undefined, kept: Kept): Promise<void> {
        try {
          await super.giveBack(item, count);
        } catch (error) {
          codes.push(error);
        }
        await super.use(item, count, kept);
      }
      @Cancel('reserve')
      override async giveBack(): Promise<void> {}
    }
    const { app, shop } = await start(new Journal(), [{ provide: STOCK, useClass: Confused }]);
    expect(await holdsOf(app, await shop.buy('apple'))).toEqual(['used']);
    expect(codes).toEqual([expect.objectContaining({ code: 'TCC_DIRECT_PHASE_CALL' })]);
  });

  it('one of two scoped classes under the same token of different modules is not taken for the other', async () => {
    const journal = new Journal();
    @Module({ providers: [{ provide: 'PRIVATE', useValue: 'nothing to do with it' }] })
    class Other {}
    const scoped = { provide: STOCK, useClass: Stock, scope: Scope.REQUEST };
    @Module({
      providers: [{ provide: STOCK, useFactory: () => ({ use: () => Promise.resolve() }), scope: Scope.REQUEST }],
    })
    class LaterWithTheSameToken {}
    const module = shopModule(database, {
      imports: [Other, LaterWithTheSameToken],
      providers: [Holds, Shop, { provide: Journal, useValue: journal }, scoped],
    });
    const app = await startContext(module);
    running.push(app);
    const shop = await app.resolve(Shop);
    const xid = await shop.buy('apple');
    expect(await holdsOf(app, xid)).toEqual(['used']);
  });
});
