import {
  Controller,
  Get,
  HttpCode,
  Inject,
  Injectable,
  Param,
  Post,
  Scope,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type NestInterceptor,
  type PipeTransform,
  type Provider,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR, APP_PIPE, REQUEST } from '@nestjs/core';
import { Cancel, Confirm, GlobalTransaction, Participant, Recovery, Tcc, Try } from 'nestjs-tcc';
import type { Observable } from 'rxjs';
import request from 'supertest';
import type { TestDatabase } from '../support/database.js';
import { createShopDatabase, holdsOf, recovered, shopModule, startServer } from './support/shop-app.js';
import { Holds, Journal, STOCK, Stock, type Kept } from './support/stock.js';

/** Initiators with the decorator on either side of Nest's. */
@Controller('orders')
class Orders {
  constructor(
    @Inject(STOCK) private readonly stock: Stock,
    private readonly tcc: Tcc,
  ) {}

  @GlobalTransaction({ name: 'above' })
  @Get('above/:item')
  above(@Param('item') item: string): Promise<string> {
    return this.order(item);
  }

  @Post('below/:item')
  @HttpCode(202)
  @GlobalTransaction({ name: 'below' })
  below(@Param('item') item: string): Promise<string> {
    return this.order(item);
  }

  private async order(item: string): Promise<string> {
    await this.stock.reserve(item);
    return this.tcc.transaction.xid;
  }
}

/** A controller whose methods are phases too. */
@Controller('shelf')
@Participant('shelf')
class Shelf {
  constructor(
    private readonly holds: Holds,
    private readonly tcc: Tcc,
    private readonly journal: Journal,
  ) {}

  @Post(':item')
  @GlobalTransaction()
  async order(@Param('item') item: string): Promise<string> {
    await this.reserve(item);
    return this.tcc.transaction.xid;
  }

  @Try()
  async reserve(item: string): Promise<Kept> {
    await this.holds.take(this.tcc.branch.idempotencyKey, { item, count: 1 });
    return { item, count: 1 };
  }
  @Confirm('reserve')
  async use(item: string, kept: Kept): Promise<void> {
    this.journal.note('confirm', this, [item, kept]);
    await this.holds.turn(this.tcc.branch.idempotencyKey, 'used');
  }
  @Cancel('reserve')
  async giveBack(item: string): Promise<void> {
    this.journal.note('cancel', this, [item]);
    await this.holds.turn(this.tcc.branch.idempotencyKey, 'given back');
  }
}

/** Everything global that Nest puts around requests: counts, and lets nobody pass without a header. */
class Passed {
  guards = 0;
  interceptors = 0;
  pipes = 0;
}
@Injectable()
class HeaderGuard implements CanActivate {
  constructor(private readonly passed: Passed) {}
  canActivate(context: ExecutionContext): boolean {
    this.passed.guards++;
    return context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-customer'] === 'known';
  }
}
@Injectable()
class CountingInterceptor implements NestInterceptor {
  constructor(private readonly passed: Passed) {}
  intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
    this.passed.interceptors++;
    return next.handle();
  }
}
@Injectable()
class CountingPipe implements PipeTransform {
  constructor(private readonly passed: Passed) {}
  transform(value: unknown): unknown {
    this.passed.pipes++;
    return value;
  }
}

/** What a scoped participant sees of the request it is made for. */
@Injectable({ scope: Scope.REQUEST })
class RequestedHolds extends Holds {
  static readonly seen: unknown[] = [];
  @Inject(REQUEST) readonly request!: { method?: string; phase?: string };

  override async take(key: string, kept: Kept): Promise<void> {
    RequestedHolds.seen.push(this.request.method);
    await super.take(key, kept);
  }
  override async turn(key: string, state: 'used' | 'given back'): Promise<void> {
    RequestedHolds.seen.push(this.request.phase);
    await super.turn(key, state);
  }
}

describe('over HTTP', () => {
  let database: TestDatabase;
  let app: INestApplication;
  let url: string;
  let journal: Journal;

  const start = async (providers: Provider[]): Promise<void> => {
    journal = new Journal();
    const own = [Stock, { provide: STOCK, useExisting: Stock }, { provide: Journal, useValue: journal }];
    const module = shopModule(database, { controllers: [Orders, Shelf], providers: [...own, ...providers] });
    ({ app, url } = await startServer(module));
  };
  beforeAll(async () => {
    database = await createShopDatabase();
  });
  afterEach(() => app?.close());
  afterAll(() => database?.drop());

  it.each([
    ['above', 'get', 200],
    ['below', 'post', 202],
  ] as const)(
    'a route with @GlobalTransaction() %s @Get/@Post keeps its route, parameters and status',
    async (where, verb, status) => {
      await start([Holds]);
      const { text } = await request(url)[verb](`/orders/${where}/apple`).expect(status);
      expect(await holdsOf(app, text)).toEqual(['used']);
      expect(journal.calls[0]!.args).toEqual(['apple', undefined, { item: 'apple', count: 1 }]);
    },
  );

  it('a controller can be a participant', async () => {
    await start([Holds]);
    const { text } = await request(url).post('/shelf/apple').expect(201);
    expect(await holdsOf(app, text)).toEqual(['used']);
    expect(journal.calls).toEqual([
      { phase: 'confirm', on: expect.any(Shelf), args: ['apple', { item: 'apple', count: 1 }] },
    ]);
    journal.broken = true;
    const owed = await request(url).post('/shelf/pear').expect(201);
    journal.broken = false;
    expect(await recovered(app, owed.text)).toBe('confirmed');
  });

  it('a controller can be one for each request', async () => {
    await start([{ provide: Holds, useClass: RequestedHolds }]);
    for (const path of ['/shelf/apple', '/orders/below/apple']) {
      RequestedHolds.seen.length = 0;
      const { text } = await request(url).post(path);
      expect(await holdsOf(app, text)).toEqual(['used']);
      expect(RequestedHolds.seen).toEqual(['POST', 'confirm']);
    }
  });

  it('guards, interceptors and pipes for all routes have nothing to do with phases', async () => {
    await start([
      Holds,
      Passed,
      { provide: APP_GUARD, useClass: HeaderGuard },
      { provide: APP_INTERCEPTOR, useClass: CountingInterceptor },
      { provide: APP_PIPE, useClass: CountingPipe },
    ]);
    await request(url).post('/shelf/apple').expect(403);
    journal.broken = true;
    const { text } = await request(url).post('/shelf/apple').set('x-customer', 'known').expect(201);
    journal.broken = false;
    expect(await recovered(app, text)).toBe('confirmed');
    expect(await app.get(Recovery).runOnce()).toBe(0);
    expect(await holdsOf(app, text)).toEqual(['used']);
    expect(app.get(Passed)).toEqual({ guards: 2, interceptors: 1, pipes: 1 });
  });
});
