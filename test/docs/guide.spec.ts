import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { INestApplication, Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { jest } from '@jest/globals';
import { Tcc, TCC_LEDGER, type LedgerPort, type PayloadCodec } from 'nestjs-tcc';
import { settle } from 'nestjs-tcc-testing';
import request from 'supertest';
import { blocksOf, moduleName, writeModules } from './blocks.js';
import { createNamedDatabases, type NamedDatabases } from './databases.js';
import { eventually } from '../support/eventually.js';

const modules = writeModules('docs/guide.md');
afterAll(() => modules.remove());

/** Loads the block without a name that holds this text. */
function loadHolding<T>(text: string): Promise<T> {
  const found = blocksOf('docs/guide.md', 'ts').filter(
    (block) => block.name === undefined && block.text.includes(text),
  );
  if (found.length !== 1) throw new Error(`${found.length} blocks hold ${text}`);
  return modules.load<T>(moduleName(found[0]!));
}

/** A third party: knows authorizations by their key, and can be told how to behave. */
class CardServer {
  readonly calls: { path: string; key: string; at: number }[] = [];
  behaviour: 'accepts' | 'refuses' | 'cuts the line' = 'accepts';
  abandoned = 0;
  private readonly server: Server = createServer((incoming, response) => {
    const path = incoming.url ?? '';
    this.calls.push({ path, key: String(incoming.headers['idempotency-key']), at: performance.now() });
    incoming.resume();
    // never answers, and sees whether its caller goes away
    if (path === '/quote') return void response.on('close', () => (this.abandoned += 1));
    if (path === '/authorize' && this.behaviour === 'cuts the line') return void incoming.socket.destroy();
    response.statusCode = path === '/authorize' && this.behaviour === 'refuses' ? 402 : 200;
    response.setHeader('content-type', 'application/json').end('{}');
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    process.env['CARD_URL'] = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  paths(): string[] {
    return this.calls.map(({ path }) => path);
  }
  async stop(): Promise<void> {
    delete process.env['CARD_URL'];
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

interface Wallet {
  cents: number;
  points: number;
}
type Spender = { spendTwice(customer: string): Promise<number> };

describe('the shop of the guide', () => {
  const card = new CardServer();
  let databases: NamedDatabases;
  let app: INestApplication;
  let outbox: { to: string; text: string; id: string }[];
  let points: Spender;
  let reorder: { set(skus: readonly string[]): Promise<void> };
  let codec: PayloadCodec;
  let orders = 0;

  const order = (change: object = {}): object => ({
    id: `order-${++orders}`,
    customer: 'ann',
    card: 'visa',
    cents: 500,
    lines: [{ sku: 'book', quantity: 1 }],
    ...change,
  });
  const place = (body: object) => request(app.getHttpServer()).post('/orders').send(body);
  const free = async (sku: string): Promise<number> =>
    (await databases.rows<{ free: number }>('stock', 'select free from stock_item where sku = $1', [sku]))[0]!.free;
  const wallet = async (): Promise<Wallet> =>
    (await databases.rows<Wallet>('shop', `select cents, points from wallet where customer = 'ann'`))[0]!;
  const holds = async (): Promise<unknown[]> => [
    ...(await databases.rows('stock', 'select * from stock_hold')),
    ...(await databases.rows('shop', 'select * from wallet_hold')),
  ];

  beforeAll(async () => {
    await card.start();
    databases = await createNamedDatabases('shop', 'stock');
    await databases.rows(
      'shop',
      `create table wallet (customer text primary key, cents int, points int);
       create table wallet_hold (key text primary key, customer text, cents int);
       create table wallet_seen (customer text primary key);
       create table coupon (code text primary key, used_by text);
       insert into wallet values ('ann', 1000, 50);
       insert into coupon (code) values ('half');
       insert into wallet_seen values ('ann')`,
    );
    const { AppModule } = await modules.load<{ AppModule: Type }>('app.module.ts');
    const { Points } = await modules.load<{ Points: Type<Spender> }>('points.ts');
    const { ReorderParticipant } = await modules.load<{ ReorderParticipant: Type<typeof reorder> }>(
      'reorder.participant.ts',
    );
    const { MailParticipant } = await modules.load<{ MailParticipant: Type<{ outbox: typeof outbox }> }>(
      'mail.participant.ts',
    );
    const { sealedCodec } = await modules.load<{ sealedCodec: (key: Buffer) => PayloadCodec }>('sealed.codec.ts');
    codec = sealedCodec(Buffer.alloc(32, 7));
    const testing = await Test.createTestingModule({ imports: [AppModule] })
      .setLogger(false as never)
      .compile();
    app = testing.createNestApplication({ logger: false });
    await app.init();
    outbox = app.get(MailParticipant).outbox;
    points = app.get(Points);
    reorder = app.get(ReorderParticipant);
    await databases.rows('stock', `insert into stock_item values ('book', 10), ('pen', 1)`);
  });
  beforeEach(() => {
    card.behaviour = 'accepts';
    card.calls.length = 0;
    outbox.length = 0;
  });
  afterAll(async () => {
    await app?.close();
    await databases?.drop();
    await card.stop();
  });

  it('confirms an order in both places and sends its mail once', async () => {
    const before = await free('book');
    const { status, body } = await place(order({ id: 'first' }));
    expect([status, body]).toEqual([201, { order: 'first', paidBy: 'card', at: expect.any(String) }]);
    expect(await free('book')).toBe(before - 1);
    expect(card.paths()).toEqual(['/authorize', '/capture']);
    expect(new Set(card.calls.map(({ key }) => key)).size).toBe(1);
    expect(outbox).toEqual([{ to: 'ann', text: 'Your order first is placed.', id: expect.stringMatching(/:3$/) }]);
    expect(await holds()).toEqual([]);
  });

  it('answers the same order again with the stored receipt, and another one under its id with 422', async () => {
    const sent = order();
    const first = await place(sent);
    const again = await place(sent);
    expect([again.status, again.body]).toEqual([201, first.body]);
    const other = await place({ ...sent, cents: 1 });
    expect([other.status, other.body]).toEqual([
      422,
      { code: 'TCC_KEY_REUSE', message: expect.any(String), xid: expect.any(String) },
    ]);
    expect(card.paths()).toEqual(['/authorize', '/capture']);
  });

  it('takes the wallet when the card is refused, and releases the card once nothing of it can be under way', async () => {
    card.behaviour = 'refuses';
    const { cents } = await wallet();
    const { body } = await place(order());
    expect(body).toMatchObject({ paidBy: 'wallet' });
    expect((await wallet()).cents).toBe(cents - 500);
    const { key } = card.calls.find(({ path }) => path === '/authorize')!;
    expect(card.calls.filter((call) => call.key === key).map(({ path }) => path)).toEqual(['/authorize']);
    expect(await holds()).toEqual([]);
  });

  it('gives everything back when the wallet is empty too, and answers with the xid that can be asked for', async () => {
    card.behaviour = 'refuses';
    const before = [await free('book'), await wallet()];
    const { status } = await place(order({ cents: 100_000, coupon: 'half' }));
    expect(status).toBe(500);
    expect([await free('book'), await wallet()]).toEqual(before);
    expect(await databases.rows('shop', 'select used_by from coupon')).toEqual([{ used_by: null }]);
    expect(outbox).toEqual([]);
    const sold = await place(order({ lines: [{ sku: 'pen', quantity: 2 }] }));
    expect(sold.status).toBe(409);
    const { xid } = sold.body as { xid: string };
    await eventually(async () => {
      const { body } = await request(app.getHttpServer()).get(`/transactions/${xid}`);
      expect(body).toEqual({ xid, name: 'checkout', status: 'cancelled', parked: 0 });
    });
  });

  it('uses a coupon once, a saga step', async () => {
    expect((await place(order({ coupon: 'half' }))).status).toBe(201);
    const before = await free('book');
    expect((await place(order({ coupon: 'half' }))).status).toBe(500);
    expect(await free('book')).toBe(before);
  });

  it('releases a card whose authorization was never answered, after deadline and time limit', async () => {
    card.behaviour = 'cuts the line';
    const startedAt = performance.now();
    // an error is no answer: the request may have arrived
    expect((await place(order())).status).toBe(500);
    // releases of the tests before may still come in: only this one's key counts
    const authorized = card.calls.find(({ path, at }) => path === '/authorize' && at >= startedAt)!;
    const released = await eventually(() => {
      const found = card.calls.find(({ path, key }) => path === '/release' && key === authorized.key);
      if (!found) throw new Error('not released yet');
      return found;
    });
    expect(released.at - startedAt).toBeGreaterThanOrEqual(4_000);
    await settle(app);
    expect(await holds()).toEqual([]);
  });

  it('spends points without decorators, all or nothing', async () => {
    expect(await points.spendTwice('ann')).toBe(20);
    expect((await wallet()).points).toBe(30);
    await databases.rows('shop', `update wallet set points = 15`);
    await expect(points.spendTwice('ann')).rejects.toThrow('points');
    expect((await wallet()).points).toBe(15);
  });

  it('a message starts a transaction of its own, by the key of its branch', async () => {
    const before = await free('book');
    await app.get(Tcc).run({ name: 'asks for more' }, () => reorder.set(['book', 'book']));
    await settle(app);
    expect(await free('book')).toBe(before - 2);
    const keyed = await databases.rows('shop', `select status, key from tcc_transaction where name = 'reorder'`);
    expect(keyed).toEqual([{ status: 'confirmed', key: expect.stringMatching(/^[0-9a-f-]{36}:1$/) }]);
  });

  it('a fee that requires a transaction of its own stays when the order is cancelled', async () => {
    const { Fees } = await loadHolding<{ Fees: new (wallet: unknown) => { charge(customer: string): Promise<void> } }>(
      'class Fees',
    );
    const { WalletParticipant } = await modules.load<{ WalletParticipant: Type }>('wallet.participant.ts');
    const fees = new Fees(app.get(WalletParticipant));
    const { cents } = await wallet();
    const failing = app.get(Tcc).run({ name: 'outer' }, async () => {
      await fees.charge('ann');
      throw new Error('no order');
    });
    await expect(failing).rejects.toThrow('no order');
    expect((await wallet()).cents).toBe(cents - 100);
  });

  it('the signal ends what an initiator waits for at its deadline, and the stock is back', async () => {
    type Quoted = { buy(sku: string, url: string): Promise<string> };
    const { QuotedCheckout } = await loadHolding<{ QuotedCheckout: new (stock: unknown, tcc: Tcc) => Quoted }>(
      'class QuotedCheckout',
    );
    const { StockParticipant } = await modules.load<{ StockParticipant: Type }>('stock.participant.ts');
    const before = await free('book');
    const checkout = new QuotedCheckout(app.get(StockParticipant), app.get(Tcc));
    const timedOut = checkout.buy('book', `${process.env['CARD_URL']}/quote`);
    await expect(timedOut).rejects.toMatchObject({ code: 'TCC_TIMED_OUT' });
    await eventually(() => expect(card.abandoned).toBe(1));
    await eventually(async () => expect(await free('book')).toBe(before));
  });

  it('baggage reaches the phases', async () => {
    type Tenants = { placeOrder(tenant: string, order: object): Promise<unknown>; tenant(): string | undefined };
    const { TenantCheckout } = await loadHolding<{ TenantCheckout: new (tcc: Tcc, checkout: unknown) => Tenants }>(
      'class TenantCheckout',
    );
    const { CheckoutService } = await modules.load<{ CheckoutService: Type }>('checkout.service.ts');
    const { CardApi } = await modules.load<{ CardApi: Type<{ post(path: string): Promise<unknown> }> }>('card.api.ts');
    const tenants = new TenantCheckout(app.get(Tcc), app.get(CheckoutService));
    const seen: (string | undefined)[] = [];
    const post = jest.spyOn(app.get(CardApi), 'post').mockImplementation(async (path) => {
      seen.push(`${path} ${tenants.tenant()}`);
    });
    await tenants.placeOrder('acme', order());
    post.mockRestore();
    expect(seen).toEqual(['/authorize acme', '/capture acme']);
  });

  it('confirm and cancel answer "not yet" and "never" with what the guide throws', async () => {
    const { judge } = await loadHolding<{ judge: (status: number) => void }>('function judge');
    const codeOf = (status: number): unknown => {
      try {
        return judge(status);
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect([200, 423, 410].map(codeOf)).toEqual([undefined, 'TCC_RETRY_LATER', 'TCC_UNRECOVERABLE']);
  });

  it('a codec that seals gives back what it got, and refuses what was changed', () => {
    const value = { confidential: new Date(0), sum: 12n, none: undefined };
    const text = codec.encode(value);
    expect(text).not.toContain('confidential');
    expect(codec.decode(text)).toEqual(value);
    expect(codec.encode(value)).not.toBe(text);
    expect(() => codec.decode(`${text.startsWith('A') ? 'B' : 'A'}${text.slice(1)}`)).toThrow('authenticate');
  });

  it('leaves nothing open', async () => {
    const ledger = app.get<LedgerPort>(TCC_LEDGER);
    await eventually(async () => expect(await ledger.backlog('shop')).toEqual({ open: 0, parked: 0 }));
  });
});

// The specs of the guide, as they stand there.
for (const spec of ['initiator.spec.ts', 'stock.spec.ts']) await modules.load(spec);
