import { barrierRowsOf, runsOf } from './support/effects.js';
import { ATTACKS } from './support/attacks.js';
import { KEYS, startPair, type Pair } from './support/pair.js';
import { aCall, httpCaller, signedCall, tcpCaller, type RawCaller } from './support/raw-caller.js';
import { CourierService, StockService } from './support/stock.participant.js';
import { express, fastify, tcp } from './support/transports.js';

const SECRET = KEYS[0]!.secret;
const OTHER = { id: 'k2', secret: 'the secret that comes after it, 32 long' };

describe.each([express, fastify, tcp])('what is turned away over $name', (transport) => {
  let pair: Pair;
  let caller: RawCaller;
  const over = (port: number, service: string): RawCaller =>
    transport === tcp ? tcpCaller(port, service) : httpCaller(port);
  /** Answer and, over HTTP, its status. */
  const ask = async (
    parcel: Parameters<RawCaller['send']>[0],
  ): Promise<{ status?: number; body: { answer: string } }> => {
    const { status, text } = await caller.send(parcel);
    expect(text).not.toContain(SECRET);
    return { ...(status === undefined ? {} : { status }), body: JSON.parse(text) as { answer: string } };
  };
  const as = (status: number, body: object): object => (transport === tcp ? { body } : { status, body });

  beforeAll(async () => {
    pair = await startPair(transport);
    caller = over(pair.port, pair.service);
  });
  afterEach(() => {
    pair.reset();
  });
  afterAll(async () => {
    await caller?.close();
    await pair?.close();
  });

  it.each(Object.keys(ATTACKS))('%s: nothing takes effect', async (name) => {
    const { parcel, status, answer, reachesTheMethod = 0 } = ATTACKS[name]!;
    const [rows, runs] = [await barrierRowsOf(pair), runsOf(pair)];
    const got = await ask(parcel(pair.service));
    if (process.env['TCC_SHOW_ANSWERS'])
      process.stdout.write(`| ${name} | ${got.status ?? transport.name} | \`${JSON.stringify(got.body)}\` |\n`);
    expect(got).toMatchObject(as(status, { answer }));
    expect([await barrierRowsOf(pair), runsOf(pair)]).toEqual([rows, runs + reachesTheMethod]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('has one effect of what is replayed inside the window, and none outside', async () => {
    const call = aCall(pair.service);
    const attempt = signedCall(call);
    expect(await ask(attempt)).toMatchObject(as(200, { answer: 'done' }));
    expect(await ask(attempt)).toMatchObject(as(409, { answer: 'refused', error: { code: 'TCC_REPEATED_TRY' } }));
    const confirm = signedCall({ ...call, phase: 'confirm', result: '"this"' });
    expect(await ask(confirm)).toMatchObject(as(200, { answer: 'done' }));
    expect(await ask(confirm)).toMatchObject(as(200, { answer: 'done' }));
    expect(await ask(signedCall({ ...call, phase: 'cancel' }))).toMatchObject(
      as(409, { answer: 'refused', error: { code: 'TCC_BARRIER_REFUSED' } }),
    );
    expect(await ask(signedCall(call, { at: Date.now() - 61_000 }))).toMatchObject(as(401, { answer: 'stale' }));
    expect(pair.hooks.namesOf(call.xid)).toEqual(['keep.try', 'keep.confirm']);
    expect(await pair.barrier(call.xid)).toEqual(['confirmed']);
  });

  it('takes two keys while a secret is changed, and the old one no more when it is gone', async () => {
    const { redeploy, service } = pair;
    const participants = [StockService, CourierService];
    await redeploy(participants, { remote: { keys: [KEYS[0]!, OTHER] } });
    expect(await ask(signedCall(aCall(service)))).toMatchObject(as(200, { answer: 'done' }));
    expect(await ask(signedCall(aCall(service), { key: OTHER }))).toMatchObject(as(200, { answer: 'done' }));
    await redeploy(participants, { remote: { keys: [OTHER] } });
    expect(await ask(signedCall(aCall(service)))).toMatchObject(as(401, { answer: 'unauthorized' }));
    expect(await ask(signedCall(aCall(service), { key: OTHER }))).toMatchObject(as(200, { answer: 'done' }));
    const { error, xid } = await pair.failure(({ stock }) => stock.keep('this'));
    expect(error).toMatchObject({ code: 'TCC_PARTICIPANT_UNREACHABLE' });
    expect(String(error)).not.toMatch(new RegExp(`${SECRET}|${OTHER.secret}`));
    await redeploy(participants);
    await pair.settled(xid, 'cancelled');
  });
});

describe.each([express, fastify])('what an application with participants shows of them over $name', (transport) => {
  const participants = [StockService, CourierService];
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair(transport);
  });
  afterAll(() => pair?.close());

  it('takes neither context nor signature from public requests', async () => {
    const { body, signature } = signedCall(aCall(pair.service, { baggage: { tenant: 'evil' } }));
    const answer = await httpCaller(pair.port, '/api/v1/open').send({
      body: '{}',
      signature,
      headers: { 'content-type': 'application/json', baggage: 'tenant=evil', 'tcc-xid': 'x', 'tcc-baggage': body },
    });
    expect(answer.status).toBe(201);
    expect(JSON.parse(answer.text)).toMatchObject({ data: { baggage: {} }, wrapped: true });
  });

  it('is not disturbed by what comes as JSON, and reads nothing of it', async () => {
    const { body, signature } = signedCall(aCall(pair.service, { args: `["${'x'.repeat(2_000)}"]` }));
    const caller = httpCaller(pair.port);
    const asJson = await caller.send({ body, signature, headers: { 'content-type': 'application/json' } });
    expect([400, 413]).toContain(asJson.status);
    const small = signedCall(aCall(pair.service));
    const parsed = await caller.send({ ...small, headers: { 'content-type': 'application/json' } });
    expect([parsed.status, parsed.text]).toEqual([400, '{"v":1,"answer":"malformed"}']);
  });

  it('shows nothing without a key, unless it says that it is insecure', async () => {
    const caller = httpCaller(pair.port);
    const { body } = signedCall(aCall(pair.service));
    await pair.redeploy(participants, { remote: {} });
    const hidden = await caller.send({ body });
    expect(hidden.status).toBeGreaterThanOrEqual(400);
    expect(hidden.text).not.toContain('"answer"');
    await pair.redeploy(participants, { remote: { insecure: true } });
    expect(await caller.send({ body })).toMatchObject({ status: 200 });
    // what says that it is signed must be
    const strange = signedCall(aCall(pair.service));
    expect(await caller.send(strange)).toMatchObject({ status: 401 });
  });
});
