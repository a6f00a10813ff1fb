import { ParticipantRefusedError, RetryLaterError, UnknownParticipantError, UnrecoverableError } from 'nestjs-tcc';
import { eventually } from '../../support/eventually.js';
import { CALL_TIMEOUT_MS, type Pair } from './pair.js';
import { CourierService, StockService } from './stock.participant.js';
import { OnStrikeError, SoldOutError, type Reservation, StockNote } from './stock.js';

/** What participants answer, and what becomes of it. */
export function describeOutcomes(pair: () => Pair): void {
  it('confirms with what the try returned, dates, bigints and bytes as they were', async () => {
    const { order, article, hooks, stockOf, settled } = pair();
    const sku = await article(10);
    const { xid, value } = await order(({ stock }) => stock.reserve(sku, 3));
    await settled(xid, 'confirmed');
    const expected: Reservation = {
      key: `${xid}:1`,
      at: new Date(86_400_000),
      left: 7n,
      label: Uint8Array.of(1, 2, 255),
    };
    expect(value).toEqual(expected);
    expect(hooks.of(xid)).toMatchObject([
      { phase: 'try', args: [sku, 3] },
      { phase: 'confirm', args: [sku, 3, expected] },
    ]);
    expect(await stockOf(sku)).toEqual({ free: 7, sold: 3, held: 0 });
  });

  it('cancels when the initiator throws', async () => {
    const { failure, article, stockOf, settled, hooks } = pair();
    const sku = await article(10);
    const { xid, error } = await failure(async ({ stock }) => {
      await stock.reserve(sku, 3);
      throw new Error('changed its mind');
    });
    expect(error).toMatchObject({ message: 'changed its mind' });
    await settled(xid, 'cancelled');
    expect(hooks.namesOf(xid)).toEqual(['reserve.try', 'reserve.cancel']);
    expect(await stockOf(sku)).toEqual({ free: 10, sold: 0, held: 0 });
  });

  it('brings a business error back as its own class', async () => {
    const { failure, article, settled } = pair();
    const sku = await article(1);
    const { xid, error } = await failure(({ stock }) => stock.reserve(sku, 5));
    expect(error).toBeInstanceOf(SoldOutError);
    expect(error).toMatchObject({ code: 'SOLD_OUT', sku, missing: 4, message: `4 of ${sku} are missing` });
    await settled(xid, 'cancelled');
  });

  it('says what is known of an error whose class is not, and nothing of where it was thrown', async () => {
    const { failure, hooks, middle, settled } = pair();
    const since = new Date(0);
    hooks.during = () => {
      throw new OnStrikeError(since);
    };
    const { xid, error } = await failure(({ stock }) => stock.keep('this'));
    await settled(xid, 'cancelled');
    expect(error).toBeInstanceOf(ParticipantRefusedError);
    expect(error).toMatchObject({
      code: 'TCC_PARTICIPANT_REFUSED',
      branch: 'stock.keep',
      phase: 'try',
      xid,
      refusal: { name: 'OnStrikeError', code: 'ON_STRIKE', message: 'nobody is at work', details: { since } },
    });
    const onTheWire = middle.answers.map(({ text }) => text).join();
    expect(onTheWire).toContain('ON_STRIKE');
    expect(onTheWire).not.toMatch(/\\n +at |node_modules|:\d+:\d+\)/);
  });

  it('calls a confirm again when it says, and counts no attempt', async () => {
    const { order, hooks, attempts, branches, settled } = pair();
    const askedAt: number[] = [];
    hooks.during = ({ phase }) => {
      if (phase !== 'confirm') return;
      askedAt.push(performance.now());
      if (askedAt.length === 1) throw new RetryLaterError(700, 'the van is full');
    };
    const { xid } = await order(({ stock }) => stock.keep('this'));
    await settled(xid, 'confirmed');
    const [first = 0, second = 0, ...others] = askedAt;
    expect(others).toEqual([]);
    expect(second - first).toBeGreaterThanOrEqual(700);
    expect(await attempts(xid)).toEqual([]);
    expect(await branches(xid)).toMatchObject([{ attempts: 0 }]);
  });

  it('calls a confirm again that failed, and keeps the failure in its history', async () => {
    const { order, hooks, attempts, settled, article, stockOf } = pair();
    const sku = await article(5);
    let failures = 2;
    hooks.during = ({ phase }) => {
      if (phase === 'confirm' && failures-- > 0) throw new OnStrikeError(new Date());
    };
    const { xid } = await order(({ stock }) => stock.reserve(sku, 2));
    await settled(xid, 'confirmed');
    expect(await stockOf(sku)).toEqual({ free: 3, sold: 2, held: 0 });
    expect(await attempts(xid)).toEqual([
      { phase: 'confirm', error_code: 'TCC_PARTICIPANT_FAILED' },
      { phase: 'confirm', error_code: 'TCC_PARTICIPANT_FAILED' },
    ]);
  });

  it('parks a branch whose confirm will never succeed, and settles the others', async () => {
    const { order, hooks, branches, article, stockOf } = pair();
    const sku = await article(5);
    hooks.during = ({ phase, method }) => {
      if (phase === 'confirm' && method === 'keep') throw new UnrecoverableError('no such account');
    };
    const { xid } = await order(async ({ stock }) => {
      await stock.keep('this');
      await stock.reserve(sku, 1);
    });
    await eventually(async () =>
      expect(await branches(xid)).toMatchObject([{ parked: true }, { parked: false, settled: true }]),
    );
    expect(await stockOf(sku)).toEqual({ free: 4, sold: 1, held: 0 });
  });

  it('calls a confirm again that takes longer than callTimeout', async () => {
    const { order, hooks, attempts, settled } = pair();
    let first = true;
    hooks.during = async ({ phase }) => {
      if (phase !== 'confirm' || !first) return;
      first = false;
      await new Promise((resolve) => setTimeout(resolve, CALL_TIMEOUT_MS + 500));
    };
    const { xid } = await order(({ stock }) => stock.keep('this'));
    await settled(xid, 'confirmed');
    const [attempt] = await attempts(xid);
    expect(attempt?.phase).toBe('confirm');
    expect(['TCC_CALL_TIMEOUT', 'TCC_PARTICIPANT_UNREACHABLE']).toContain(attempt?.error_code);
  });

  it('delivers a message when the others are confirmed, and none of a transaction that is cancelled', async () => {
    const { order, failure, article, settled, source, hooks } = pair();
    const sku = await article(5);
    const { xid } = await order(async ({ stock }) => {
      await stock.note(`1 of ${sku}`);
      await stock.reserve(sku, 1);
    });
    await settled(xid, 'confirmed');
    expect(hooks.namesOf(xid)).toEqual(['reserve.try', 'reserve.confirm', 'note.confirm']);
    const { xid: other } = await failure(async ({ stock }) => {
      await stock.note(`100 of ${sku}`);
      await stock.reserve(sku, 100);
    });
    await settled(other, 'cancelled');
    expect(await source.getRepository(StockNote).findBy([{ key: `${xid}:1` }, { key: `${other}:1` }])).toEqual([
      { key: `${xid}:1`, text: `1 of ${sku}` },
    ]);
  });

  it('takes a saga step back, and leaves one alone that is confirmed', async () => {
    const { order, failure, article, settled, stockOf, hooks } = pair();
    const sku = await article(5);
    const { xid } = await order(({ stock }) => stock.sell(sku, 2));
    await settled(xid, 'confirmed');
    expect(hooks.namesOf(xid)).toEqual(['sell.try']);
    const { xid: other } = await failure(async ({ stock }) => {
      await stock.sell(sku, 1);
      throw new Error('no');
    });
    await settled(other, 'cancelled');
    expect(hooks.namesOf(other)).toEqual(['sell.try', 'sell.cancel']);
    expect(await stockOf(sku)).toMatchObject({ sold: 2 });
  });

  it('waits with the cancel of a third party whose try threw until none can be under way', async () => {
    const { failure, order, settled, hooks } = pair();
    const { xid: happy, value } = await order(({ courier }) => courier.book('home'));
    await settled(happy, 'confirmed');
    expect(value).toBe('van for home');
    let triedAt = 0;
    let cancelledAt = 0;
    hooks.during = ({ phase }) => {
      if (phase === 'cancel') cancelledAt = performance.now();
      else triedAt = performance.now();
      if (phase === 'try') throw new Error('cut off');
    };
    const { xid } = await failure(({ courier }) => courier.book('work'), { timeout: 900 });
    await settled(xid, 'cancelled');
    expect(hooks.namesOf(xid)).toEqual(['book.try', 'book.cancel']);
    // Deadline and time limit count from the start of the initiator, which was before the try. What was left of both is
    // what its answer told, so that the clocks of two processes are compared: a tenth for that.
    expect(cancelledAt - triedAt).toBeGreaterThanOrEqual(0.9 * (900 - 300));
  });

  it('names what there is when a participant or method is not known there', async () => {
    const { failure, settled, redeploy, hooks } = pair();
    const { error, xid } = await failure(({ stock }) =>
      (stock as unknown as { reserv(sku: string): Promise<void> }).reserv('pen'),
    );
    expect(error).toBeInstanceOf(UnknownParticipantError);
    expect(error).toMatchObject({
      branch: 'stock.reserv',
      known: expect.arrayContaining(['stock.reserve']) as unknown,
    });
    expect((await pair().tcc.outcome(xid))?.status).toBe('cancelling');
    expect(hooks.of(xid)).toEqual([]);

    // deployed later: what was owed to it is delivered then
    await redeploy([CourierService]);
    const { xid: late, error: unknown } = await failure(({ stock }) => stock.keep('this'));
    expect(unknown).toMatchObject({ code: 'TCC_UNKNOWN_PARTICIPANT', known: ['courier.book'] });
    await redeploy([StockService, CourierService]);
    await settled(late, 'cancelled');
    expect(await pair().barrier(late)).toEqual(['suspended']);
  });
}
