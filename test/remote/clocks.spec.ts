import { AsyncLocalStorage } from 'node:async_hooks';
import type { INestApplication } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { startPair, type Pair } from './support/pair.js';
import type { PhaseCall } from '../../libs/tcc/src/core/wire/phase-call.js';
import { aCall, httpCaller, signedCall } from './support/raw-caller.js';
import { express, type TransportUnderTest } from './support/transports.js';

/** How far the clock is ahead of what runs inside. */
const clock = new AsyncLocalStorage<number>();
const realNow = Date.now;

/** The other application believes in another time of day. */
const aheadBy = (ms: number): TransportUnderTest => ({
  ...express,
  async open() {
    const address = await express.open();
    return {
      ...address,
      serve: async (module) => {
        const app: INestApplication = await NestFactory.create(module, { logger: false, abortOnError: false });
        app.setGlobalPrefix('api');
        app.use((_request: unknown, _response: unknown, next: () => void) => clock.run(ms, next));
        await app.listen(address.port!, '127.0.0.1');
        return app;
      },
    };
  },
});

const TEN_MINUTES = 600_000;

describe.each([TEN_MINUTES, -TEN_MINUTES, 50_000, -50_000])('a participant whose clock is %d ms ahead', (aheadMs) => {
  let pair: Pair;
  beforeAll(async () => {
    Date.now = () => realNow() + (clock.getStore() ?? 0);
    pair = await startPair(aheadBy(aheadMs));
  });
  afterAll(async () => {
    await pair?.close();
    Date.now = realNow;
  });

  it('is called all the same, and one signature is enough once its clock is known', async () => {
    const { order, settled, middle, hooks } = pair;
    const { xid } = await order(({ stock }) => stock.keep('this'), { timeout: '20s' });
    await settled(xid, 'confirmed');
    expect(hooks.namesOf(xid)).toEqual(['keep.try', 'keep.confirm']);
    // the first call may have been signed by the wrong clock, and was signed anew
    expect(middle.count(xid, 'try')).toBeLessThanOrEqual(2);
    const { xid: next } = await order(({ stock }) => stock.keep('that'), { timeout: '20s' });
    await settled(next, 'confirmed');
    expect([middle.count(next, 'try'), middle.count(next, 'confirm')]).toEqual([1, 1]);
  });

  it('is not told a time by a stranger', async () => {
    const { order, settled, middle } = pair;
    middle.meddle = ({ call: { xid, seq, phase }, deliver }) => {
      middle.meddle = ({ deliver: next }) => next();
      const now = Date.now() + 86_400_000;
      // as answer and as refusal: neither is signed for this call
      return phase === 'try'
        ? deliver()
        : { text: JSON.stringify({ v: 1, xid, seq, phase, now, answer: 'done' }), status: 200 };
    };
    await order(({ stock }) => stock.keep('this'));
    const before = middle.calls.length;
    const { xid } = await order(({ stock }) => stock.keep('this'));
    await settled(xid, 'confirmed');
    expect(middle.calls.length - before).toBe(2);
  });
});

/** An instance that has just started does not know the clock of the other side yet. */
describe('a call that was signed by a clock that is 50 s behind', () => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair(express);
  });
  afterAll(() => pair?.close());

  const send = async (change: Partial<PhaseCall>): Promise<unknown> => {
    const { text } = await httpCaller(pair.port).send(
      signedCall(aCall(pair.service, change), { at: Date.now() - 50_000 }),
    );
    return JSON.parse(text);
  };

  it('is a try that might be late, so that it is signed anew before it runs', async () => {
    expect(await send({ remainingMs: 30_000 })).toMatchObject({ answer: 'stale' });
    expect(await send({ remainingMs: 80_000 })).toMatchObject({ answer: 'done' });
  });

  it('is a cancel that waits no less for a try that may be under way', async () => {
    const change = { participant: 'courier', method: 'book', phase: 'cancel', args: '["home"]' } as const;
    const answer = await send({ ...change, remainingMs: 20_000 });
    expect(answer).toMatchObject({ answer: 'not yet', afterMs: 20_200 });
    expect(await send({ ...change, remainingMs: 20_000, answered: true })).toMatchObject({ answer: 'done' });
    expect(await send({ ...change, remainingMs: -300 })).toMatchObject({ answer: 'done' });
  });
});
