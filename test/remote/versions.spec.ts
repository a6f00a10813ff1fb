import { createHmac } from 'node:crypto';
import { eventually } from '../support/eventually.js';
import { WIRE_VERSION } from '../../libs/tcc/src/core/wire/phase-call.js';
import { sign, signAnswer } from '../../libs/tcc/src/core/wire/signature.js';
import { KEYS, startPair, type Pair } from './support/pair.js';
import type { Answer, Delivery } from './support/middle.js';
import { express, tcp } from './support/transports.js';

/** As a caller of a later version would send it. */
function laterCall({ parcel, deliver }: Delivery, service: string): Promise<Answer> {
  const body = parcel.body.replace(`"v":${WIRE_VERSION}`, `"v":${WIRE_VERSION + 1}`);
  return deliver({ body, signature: sign(KEYS[0]!, { audience: service, body }, Date.now()) });
}

/** As an application of a later version would answer it. */
function laterAnswer({ parcel }: Delivery): Answer {
  const text = JSON.stringify({ v: WIRE_VERSION + 1, answer: 'other version', supported: [WIRE_VERSION + 1] });
  return { text, status: 501, signature: signAnswer(KEYS[0]!, { to: parcel.signature!, body: text }) };
}

describe.each([express, tcp])('two versions of the wire format over $name', (transport) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair(transport);
  });
  afterEach(() => pair?.reset());
  afterAll(() => pair?.close());

  it.each([
    ['the participants are newer', (delivery: Delivery) => laterAnswer(delivery)],
    ['the caller is newer', (delivery: Delivery) => laterCall(delivery, pair.service)],
  ])('%s: refused with a clear answer, and settled after the upgrade', async (_what, meet) => {
    const { middle, failure, order, settled, attempts, article, stockOf, hooks } = pair;
    const sku = await article(5);
    middle.meddle = meet;
    const { xid, error } = await failure(({ stock }) => stock.reserve(sku, 1));
    expect(error).toMatchObject({
      code: 'TCC_PARTICIPANT_UNREACHABLE',
      message: expect.stringContaining('version') as unknown,
    });
    expect(JSON.parse(middle.answers.at(-1)!.text)).toMatchObject({ answer: 'other version' });
    expect(hooks.of(xid)).toEqual([]);
    // it keeps being called: such a place is there, and its circuit stays closed
    await eventually(async () => expect((await attempts(xid)).length).toBeGreaterThanOrEqual(6));
    middle.meddle = ({ deliver }) => deliver();
    await settled(xid, 'cancelled');
    expect(await stockOf(sku)).toEqual({ free: 5, sold: 0, held: 0 });

    // an upgrade between try and confirm
    middle.meddle = (delivery) => (delivery.call.phase === 'try' ? delivery.deliver() : meet(delivery));
    const { xid: between } = await order(({ stock }) => stock.reserve(sku, 2));
    await eventually(async () => expect((await attempts(between)).length).toBeGreaterThanOrEqual(1));
    middle.meddle = ({ deliver }) => deliver();
    await settled(between, 'confirmed');
    expect(await stockOf(sku)).toEqual({ free: 3, sold: 2, held: 0 });
  });

  it('another format of signatures is turned away like a wrong one', async () => {
    const { middle, failure, settled } = pair;
    middle.meddle = ({ parcel, deliver }) =>
      deliver({
        ...parcel,
        signature: `v2;key=k1;${createHmac('sha256', KEYS[0]!.secret).update(parcel.body).digest('hex')}`,
      });
    const { xid, error } = await failure(({ stock }) => stock.keep('this'));
    expect(error).toMatchObject({ code: 'TCC_PARTICIPANT_UNREACHABLE' });
    middle.meddle = ({ deliver }) => deliver();
    await settled(xid, 'cancelled');
  });
});
