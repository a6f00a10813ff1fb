import { ParticipantUnreachableError } from 'nestjs-tcc';
import { Like } from 'typeorm';
import { eventually } from '../../support/eventually.js';
import { Gate } from '../../support/gate.js';
import type { Answer } from './middle.js';
import type { Pair } from './pair.js';
import { Stock, StockHold } from './stock.js';

/** Calls that come twice, late, in another order, or many at once. */
export function describeDeliveries(pair: () => Pair): void {
  it.each(['one after the other', 'at once'])('has the effect of one when each call comes twice, %s', async (how) => {
    const { middle, order, failure, article, stockOf, settled } = pair();
    const sku = await article(10);
    middle.meddle = async ({ deliver }) => {
      const first = deliver();
      if (how === 'one after the other') await first;
      const [answer] = await Promise.all([first, deliver()]);
      return answer;
    };
    const results = await Promise.allSettled(
      [1, 2, 3].map((quantity) =>
        order(async ({ stock }) => {
          await stock.reserve(sku, quantity);
          await stock.note(`${quantity} of ${sku}`);
        }),
      ),
    );
    // at once: the answer to the delivery that was refused may be the one that arrives, and its try is cancelled
    const sold = results.reduce((sum, { status }, index) => sum + (status === 'fulfilled' ? index + 1 : 0), 0);
    if (how === 'one after the other') expect(sold).toBe(6);
    await eventually(async () => expect(await stockOf(sku)).toEqual({ free: 10 - sold, sold, held: 0 }));
    const { xid } = await failure(async ({ stock }) => {
      await stock.reserve(sku, 1);
      throw new Error('no');
    });
    await settled(xid, 'cancelled');
    expect(await stockOf(sku)).toEqual({ free: 10 - sold, sold, held: 0 });
  });

  it('refuses a try that arrives after its cancel', async () => {
    const { middle, failure, article, stockOf, settled, barrier, hooks } = pair();
    const sku = await article(5);
    const gate = new Gate();
    let late: Promise<Answer> | undefined;
    middle.meddle = ({ call, deliver, deliverLate }) => {
      if (call.phase !== 'try') return deliver();
      late = gate.pass().then(deliverLate);
      // nobody waits for it any more
      return new Promise(() => undefined);
    };
    const { xid, error } = await failure(({ stock }) => stock.reserve(sku, 1), { timeout: '700ms' });
    expect(error).toMatchObject({ code: 'TCC_TIMED_OUT' });
    await settled(xid, 'cancelled');
    gate.open();
    const { text } = await late!;
    // it carries the time of its signing: what it had left ran out on the way
    expect(JSON.parse(text)).toMatchObject({ answer: 'stale' });
    expect(await barrier(xid)).toEqual(['suspended']);
    expect(hooks.of(xid)).toEqual([]);
    expect(await stockOf(sku)).toEqual({ free: 5, sold: 0, held: 0 });
  });

  it('refuses a try that arrives after its cancel and before its deadline', async () => {
    const { middle, failure, article, stockOf, settled, barrier, hooks } = pair();
    const sku = await article(5);
    const gate = new Gate();
    let late: Promise<Answer> | undefined;
    middle.meddle = ({ call, deliver, deliverLate }) => {
      if (call.phase !== 'try') return deliver();
      late = gate.pass().then(deliverLate);
      return Promise.reject(new Error('connection lost'));
    };
    const { xid, error } = await failure(({ stock }) => stock.reserve(sku, 1));
    expect(error).toBeInstanceOf(ParticipantUnreachableError);
    await settled(xid, 'cancelled');
    gate.open();
    expect(JSON.parse((await late!).text)).toMatchObject({ answer: 'refused', error: { code: 'TCC_LATE_TRY' } });
    expect(await barrier(xid)).toEqual(['suspended']);
    expect(hooks.of(xid)).toEqual([]);
    expect(await stockOf(sku)).toEqual({ free: 5, sold: 0, held: 0 });
  });

  it('does not start a try whose time ran out on the way', async () => {
    const { middle, failure, hooks, settled } = pair();
    let answer: Promise<Answer> | undefined;
    middle.meddle = async ({ call, deliver, deliverLate }) => {
      if (call.phase === 'try') {
        await new Promise((resolve) => setTimeout(resolve, 600));
        answer = deliverLate();
        return answer;
      }
      return deliver();
    };
    const { xid, error } = await failure(({ stock }) => stock.keep('this'), { timeout: 500 });
    expect(error).toMatchObject({ code: 'TCC_TIMED_OUT' });
    await settled(xid, 'cancelled');
    await eventually(() => expect(answer).toBeDefined());
    expect(JSON.parse((await answer!).text)).toMatchObject({ answer: 'stale' });
    expect(hooks.of(xid)).toEqual([]);
  });

  it('cancels at once a try that runs into its deadline, and tells it', async () => {
    const { failure, hooks, settled, article, stockOf } = pair();
    const sku = await article(5);
    const gate = new Gate();
    let signal: AbortSignal | undefined;
    hooks.during = (visit) => {
      if (visit.phase !== 'try') return undefined;
      ({ signal } = visit);
      return gate.pass();
    };
    const { xid, error } = await failure(({ stock }) => stock.reserve(sku, 2), { timeout: 600 });
    expect(error).toMatchObject({ code: 'TCC_TIMED_OUT' });
    await eventually(() => expect(signal?.aborted).toBe(true));
    gate.open();
    await settled(xid, 'cancelled');
    expect(await stockOf(sku)).toEqual({ free: 5, sold: 0, held: 0 });
  });

  it('serves a hundred at once', async () => {
    const { order, article, source, settled } = pair();
    // no article twice: what they would wait for is a row of Postgres
    const sku = await article(0);
    const skus = Array.from({ length: 100 }, (_, index) => `${sku}, kind ${index}`);
    await source.getRepository(Stock).insert(skus.map((each) => ({ sku: each, free: 1 })));
    const orders = await Promise.all(skus.map((each) => order(({ stock }) => stock.reserve(each, 1))));
    for (const { xid } of orders) await settled(xid, 'confirmed');
    const sold = { sku: Like(`${sku},%`), free: 0, sold: 1 };
    expect(await source.getRepository(Stock).countBy(sold)).toBe(100);
    expect(await source.getRepository(StockHold).countBy({ sku: sold.sku })).toBe(0);
  });
}
