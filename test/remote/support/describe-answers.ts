import { ParticipantUnreachableError, PayloadError } from 'nestjs-tcc';
import { eventually } from '../../support/eventually.js';
import type { Answer } from './middle.js';
import { NO_ANSWERS } from './no-answers.js';
import type { Pair } from './pair.js';

/** What counts as an answer, and what does not. */
export function describeAnswers(pair: () => Pair): void {
  it.each(Object.keys(NO_ANSWERS))('takes %s for no answer: confirmed in the end, and once', async (what) => {
    const { middle, order, article, stockOf, settled, attempts } = pair();
    const sku = await article(5);
    let first = true;
    middle.meddle = (delivery) => {
      if (delivery.call.phase !== 'confirm' || !first) return delivery.deliver();
      first = false;
      return NO_ANSWERS[what]!(delivery);
    };
    const { xid } = await order(({ stock }) => stock.reserve(sku, 1));
    await settled(xid, 'confirmed');
    expect(middle.count(xid, 'confirm')).toBeGreaterThanOrEqual(2);
    expect(await stockOf(sku)).toEqual({ free: 4, sold: 1, held: 0 });
    expect(await attempts(xid)).toEqual([{ phase: 'confirm', error_code: 'TCC_PARTICIPANT_UNREACHABLE' }]);
  });

  it.each(['an index.html with 200', 'a "done" that a stranger has written', 'a cut connection once it has been done'])(
    'takes %s for no answer: a try is cancelled, whatever came of it',
    async (what) => {
      const { middle, failure, article, stockOf, settled } = pair();
      const sku = await article(5);
      middle.meddle = (delivery) => (delivery.call.phase === 'try' ? NO_ANSWERS[what]!(delivery) : delivery.deliver());
      const { xid, error } = await failure(({ stock }) => stock.reserve(sku, 1));
      expect(error).toBeInstanceOf(ParticipantUnreachableError);
      expect(error).toMatchObject({ code: 'TCC_PARTICIPANT_UNREACHABLE', branch: 'stock.reserve', phase: 'try', xid });
      await settled(xid, 'cancelled');
      expect(await stockOf(sku)).toEqual({ free: 5, sold: 0, held: 0 });
    },
  );

  it('does not take an answer to another call', async () => {
    const { middle, order, settled, barrier, tcc } = pair();
    let other: Answer | undefined;
    middle.meddle = async ({ call, deliver }) => {
      if (call.phase !== 'confirm') return deliver();
      const mine = await deliver();
      const first = other;
      other ??= mine;
      return first ?? mine;
    };
    const { xid: one } = await order(({ stock }) => stock.keep('one'));
    await settled(one, 'confirmed');
    const { xid: two } = await order(({ stock }) => stock.keep('two'), { phaseTwo: 'background' });
    await eventually(() => expect(middle.count(two, 'confirm')).toBeGreaterThanOrEqual(2));
    expect((await tcc.outcome(two))?.status).toBe('confirming');
    middle.meddle = ({ deliver }) => deliver();
    await settled(two, 'confirmed');
    expect(await barrier(two)).toEqual(['confirmed']);
  });

  it('carries large and odd payloads there and back', async () => {
    const { order, settled, hooks } = pair();
    const odd = [NaN, -0, Infinity, undefined, null, new Date(0), -(2n ** 70n)];
    const payload = {
      odd,
      text: 'ü𝄞\u2028"\\'.repeat(1_000),
      bytes: Buffer.alloc(10_000, 7),
      map: new Map<unknown, unknown>([[1n, new Set(['a', undefined])]]),
      nested: JSON.parse('{"a":'.repeat(50) + '1' + '}'.repeat(50)) as unknown,
      '': { constructor: 'mine', toString: 'too' },
    };
    const { xid, value } = await order(({ stock }) => stock.keep(payload));
    await settled(xid, 'confirmed');
    expect(value).toEqual(payload);
    expect(hooks.of(xid)).toMatchObject([{ phase: 'try' }, { phase: 'confirm', args: [payload, payload] }]);
    const text = 'x'.repeat(200_000);
    const { xid: long } = await order(({ stock }) => stock.keep(text));
    await settled(long, 'confirmed');
    expect(hooks.of(long)[1]?.args).toEqual([text, text]);
  });

  it('does not send what is too large, and takes no result that is', async () => {
    const { failure, settled, middle, hooks, tcc } = pair();
    const before = middle.calls.length;
    const { xid, error } = await failure(({ stock }) => stock.keep('x'.repeat(300_000)));
    expect(error).toBeInstanceOf(PayloadError);
    expect(middle.calls.length).toBe(before);
    expect(await tcc.outcome(xid)).toBeUndefined();

    hooks.during = (visit) => Object.assign(visit.args[0] as object, { more: 'x'.repeat(300_000) });
    const { xid: other, error: refused } = await failure(({ stock }) => stock.keep({}));
    expect(refused).toMatchObject({ code: 'TCC_PARTICIPANT_REFUSED', refusal: { code: 'TCC_PAYLOAD' } });
    await settled(other, 'cancelled');
  });
}
