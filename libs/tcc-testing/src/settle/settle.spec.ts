import { Injectable, Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  Cancel,
  Confirm,
  GlobalTransaction,
  type LedgerPort,
  Participant,
  Tcc,
  TccModule,
  Try,
  UnrecoverableError,
} from 'nestjs-tcc';
import { InMemoryBarrier } from '../barrier/index.js';
import { InMemoryLedger } from '../ledger/index.js';
import { settle } from './settle.js';

@Injectable()
@Participant('payment')
class Payment {
  readonly log: string[] = [];
  /** What confirm does, once per entry; then it succeeds. */
  readonly confirms: (() => Promise<void>)[] = [];

  @Try()
  authorize(amount: number): Promise<number> {
    this.log.push(`try ${amount}`);
    return Promise.resolve(amount);
  }

  @Confirm('authorize')
  async capture(amount: number, held: number): Promise<void> {
    await this.confirms.shift()?.();
    this.log.push(`confirm ${amount} ${held}`);
  }

  @Cancel('authorize')
  release(amount: number): Promise<void> {
    this.log.push(`cancel ${amount}`);
    return Promise.resolve();
  }
}

@Injectable()
class Checkout {
  constructor(
    readonly payment: Payment,
    readonly tcc: Tcc,
  ) {}

  @GlobalTransaction({ name: 'checkout' })
  async pay(amount: number, fail = false): Promise<string> {
    await this.payment.authorize(amount);
    if (fail) throw new Error('out of stock');
    return this.tcc.transaction.xid;
  }
}

@Module({ providers: [Payment, Checkout] })
class ShopModule {}

let app: INestApplicationContext;
let ledger: InMemoryLedger;
let checkout: Checkout;

async function start(port: LedgerPort): Promise<void> {
  const tcc = TccModule.forRoot({
    service: 'shop',
    ledger: { port },
    barrier: new InMemoryBarrier(),
    recovery: false, // only settle() drives
    retry: { initial: '5ms', cap: '20ms' },
    callTimeout: '300ms',
    drain: '50ms',
  });
  app = await NestFactory.createApplicationContext({ module: ShopModule, imports: [tcc] }, { logger: false });
  checkout = app.get(Checkout);
}

beforeEach(async () => {
  ledger = new InMemoryLedger();
  await start(ledger);
});

afterEach(() => app.close());

const down = (): Promise<void> => Promise.reject(new Error('gateway is down'));

it('drives retries until everything has settled', async () => {
  checkout.payment.confirms.push(down, down, down);
  const xid = await checkout.pay(7);
  expect(await ledger.find(xid)).toMatchObject({ status: 'confirming' });
  expect(await settle(app)).toEqual({ open: 0, parked: 0 });
  expect(await ledger.find(xid)).toMatchObject({ status: 'confirmed' });
  expect(checkout.payment.log).toEqual(['try 7', 'confirm 7 7']);
  expect(ledger.attempts(xid).map(({ errorMessage }) => errorMessage)).toEqual(Array(3).fill('gateway is down'));
});

it('cancels what its initiator left behind', async () => {
  const begin = {
    xid: '01890000-0000-7000-8000-000000000000',
    service: 'shop',
    name: 'checkout',
    baggage: {},
  } as const;
  const args = '[]';
  const branches = [{ seq: 1, participant: 'payment', method: 'authorize', kind: 'tcc', args }] as const;
  const write = { ...begin, order: 'together', deadline: 0, branches } as const;
  await ledger.flush({ begins: [write], registers: [], decides: [], settles: [] });
  await settle(app);
  expect(await ledger.find(begin.xid)).toMatchObject({ status: 'cancelled' });
  expect(checkout.payment.log).toEqual([]); // the cancel of a try that never ran is empty
});

it('has nothing to do after a cancel', async () => {
  await expect(checkout.pay(7, true)).rejects.toThrow('out of stock');
  expect(await settle(app)).toEqual({ open: 0, parked: 0 });
  expect(checkout.payment.log).toEqual(['try 7', 'cancel 7']);
});

it('does not wait for what waits for an operator', async () => {
  checkout.payment.confirms.push(() => Promise.reject(new UnrecoverableError('account closed')));
  await checkout.pay(7);
  expect(await settle(app)).toEqual({ open: 0, parked: 1 });
});

it('lists what is open when the time is up', async () => {
  checkout.payment.confirms.push(...Array.from({ length: 1_000 }, () => down));
  const xid = await checkout.pay(7);
  const lines = `${xid} checkout: confirming\\s+1 payment.authorize: .*\\d+ failed attempts`;
  await expect(settle(app, { timeoutMs: 100 })).rejects.toThrow(new RegExp(`shop .* 1 open, 0 .*\\s+${lines}`));
});

it('gives up on a branch that never answers', async () => {
  checkout.payment.confirms.push(down, () => new Promise(() => {}));
  await checkout.pay(7);
  await expect(settle(app, { timeoutMs: 200 })).rejects.toThrow(/1 open/);
});

it('goes on after a ledger that did not answer, and tells of one that never does', async () => {
  checkout.payment.confirms.push(down);
  await checkout.pay(7);
  await ledger.close();
  await expect(settle(app, { timeoutMs: 100 })).rejects.toMatchObject({ cause: { kind: 'unavailable' } });
  const settled = settle(app);
  await ledger.open();
  expect(await settled).toEqual({ open: 0, parked: 0 });
});
