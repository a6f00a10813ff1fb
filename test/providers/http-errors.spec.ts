import { Body, Controller, Get, Headers, Param, Post, Res, type INestApplication, type Provider } from '@nestjs/common';
import { APP_FILTER, HttpAdapterHost } from '@nestjs/core';
import {
  ActiveTransactionError,
  DirectPhaseCallError,
  GlobalTransaction,
  InDoubtError,
  KeyReuseError,
  LateTryError,
  LedgerUnavailableError,
  NoGlobalTransactionError,
  PayloadError,
  RepeatedTryError,
  RuntimeNotFoundError,
  TccExceptionFilter,
  TransactionCancelledError,
  TransactionClosedError,
  TransactionInProgressError,
  TransactionTimedOutError,
  TryTimeLimitError,
  UnknownParticipantError,
  type TccError,
} from 'nestjs-tcc';
import request from 'supertest';
import type { TestDatabase } from '../support/database.js';
import { createShopDatabase, shopModule, startServer } from './support/shop-app.js';
import { Holds, Journal, STOCK, Stock } from './support/stock.js';

const XID = '0190a6b5-0000-7000-8000-000000000000';
const secret = new Error('password is swordfish');

/** Each error, the status it is answered with, and whether it is about one transaction. */
const ERRORS: Record<string, [error: TccError, status: number, xid?: string]> = {
  'in-doubt': [new InDoubtError('checkout', XID, secret), 503, XID],
  'timed-out': [new TransactionTimedOutError('checkout', XID, 30_000), 504, XID],
  'in-progress': [new TransactionInProgressError('checkout', 'a key', XID, 1_001), 409, XID],
  'key-reuse': [new KeyReuseError('checkout', 'a key', XID), 422, XID],
  payload: [new PayloadError('Argument 1 of stock.reserve', 'it is a function'), 400],
  'ledger-unavailable': [new LedgerUnavailableError('begin of checkout', undefined, secret), 503],
  'ledger-unavailable-later': [new LedgerUnavailableError('registration of stock.reserve', XID, secret), 503, XID],
  'late-try': [new LateTryError('stock.reserve', XID, 1), 409, XID],
  'repeated-try': [new RepeatedTryError('stock.reserve', XID, 1), 409, XID],
  closed: [new TransactionClosedError('stock.reserve', XID), 409, XID],
  cancelled: [new TransactionCancelledError('checkout', XID, 'cancelOnly()'), 409, XID],
  'try-time-limit': [new TryTimeLimitError('payment.authorize', XID, 5_000), 504, XID],
  // mistakes of the application or of its operation: nothing for a client to read
  'not-readable': [new PayloadError('Stored result of checkout', 'swordfish', 'read', { cause: secret }), 500],
  'no-transaction': [new NoGlobalTransactionError('Try of swordfish'), 500],
  'active-transaction': [new ActiveTransactionError('swordfish', XID), 500, XID],
  'direct-call': [new DirectPhaseCallError('Swordfish.use'), 500],
  'unknown-participant': [new UnknownParticipantError('swordfish', []), 500],
  'no-runtime': [new RuntimeNotFoundError('Swordfish.buy', 0), 500],
};

@Controller()
class Errors {
  constructor(private readonly stock: Stock) {}

  @Get('errors/:name')
  fail(@Param('name') name: string): never {
    throw ERRORS[name]![0];
  }

  @Get('half-way')
  halfWay(@Res() response: { write(text: string): void }): never {
    response.write('the beginning');
    throw ERRORS['in-doubt']![0];
  }

  @Get('others')
  others(): never {
    throw new Error('swordfish');
  }

  @Post('orders')
  @GlobalTransaction({
    name: 'order',
    timeout: '300ms',
    key: (key: string | undefined) => key,
    fingerprint: (_key: string | undefined, body: object) => body,
  })
  async order(@Headers('idempotency-key') _key: string | undefined, @Body() body: { item: string }): Promise<object> {
    if (body.item === 'slow') {
      slowEntered();
      await new Promise<void>((resolve) => (goOn = resolve));
    }
    await this.stock.reserve(body.item === 'odd' ? (Symbol('odd') as never) : body.item);
    return { ordered: body.item };
  }
}
let slowEntered: () => void = () => undefined;
let goOn: () => void = () => undefined;

describe('errors over HTTP', () => {
  let database: TestDatabase;
  let app: INestApplication;
  let url: string;

  const start = async (
    providers: Provider[] = [],
    prepare: (app: INestApplication) => void = (made) =>
      void made.useGlobalFilters(new TccExceptionFilter(made.get(HttpAdapterHost))),
  ): Promise<void> => {
    const own = [Holds, Stock, { provide: STOCK, useExisting: Stock }, { provide: Journal, useValue: new Journal() }];
    const module = shopModule(database, { controllers: [Errors], providers: [...own, ...providers] });
    ({ app, url } = await startServer(module, prepare));
  };
  beforeAll(async () => {
    database = await createShopDatabase();
    await start();
  });
  afterAll(async () => {
    await app?.close();
    await database?.drop();
  });

  it.each(Object.entries(ERRORS))('%s', async (name, [error, status, xid]) => {
    const { body, headers } = await request(url).get(`/errors/${name}`).expect(status);
    const message = status === 500 ? 'Internal server error' : error.message;
    expect(body).toEqual({ code: error.code, message, ...(xid === undefined ? {} : { xid }) });
    expect(JSON.stringify([body, headers])).not.toMatch(/swordfish/i);
    expect(headers['retry-after']).toBe(name === 'in-progress' ? '2' : undefined);
  });

  it('are left alone when they are not ours', async () => {
    const { body } = await request(url).get('/others').expect(500);
    expect(body).toEqual({ statusCode: 500, message: 'Internal server error' });
  });

  it('end an answer that has begun, and nothing else is hurt', async () => {
    const { text } = await request(url).get('/half-way').expect(200);
    expect(text).toBe('the beginning');
    await request(url).get('/errors/payload').expect(400);
  });

  it('of real calls', async () => {
    const order = (key: string, item: string) =>
      request(url).post('/orders').set('idempotency-key', key).send({ item });
    await order('one', 'apple').expect(201, { ordered: 'apple' });
    await order('one', 'apple').expect(201, { ordered: 'apple' });
    expect((await order('one', 'pear').expect(422)).body).toMatchObject({
      code: 'TCC_KEY_REUSE',
      xid: expect.any(String),
    });
    expect((await order('two', 'odd').expect(400)).body).toMatchObject({ code: 'TCC_PAYLOAD' });

    const entered = new Promise<void>((resolve) => (slowEntered = resolve));
    const slow = order('three', 'slow').then((answer) => answer);
    await entered;
    const { body, headers } = await order('three', 'slow').expect(409);
    expect(body).toMatchObject({ code: 'TCC_IN_PROGRESS' });
    expect(headers['retry-after']).toBe('1');
    const timedOut = await slow;
    goOn();
    expect(timedOut.status).toBe(504);
    expect(timedOut.body).toMatchObject({ code: 'TCC_TIMED_OUT', xid: body.xid });
  });

  it('also when Nest makes the filter', async () => {
    await app.close();
    await start([{ provide: APP_FILTER, useClass: TccExceptionFilter }], () => undefined);
    expect((await request(url).get('/errors/in-progress').expect(409)).headers['retry-after']).toBe('2');
  });
});
