import fc from 'fast-check';
import { barrierRowsOf, runsOf } from './support/effects.js';
import { startPair, type Pair } from './support/pair.js';
import { aCall, httpCaller, signedCall, tcpCaller, type RawCaller } from './support/raw-caller.js';
import { randomParcel } from './support/random-calls.js';
import { express, fastify, tcp } from './support/transports.js';

/** `FC_SEED=…` sends the same again. */
const seed = Number(process.env['FC_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const AT_ONCE = 20;

describe.each([
  { transport: express, requests: 3_500 },
  { transport: fastify, requests: 3_000 },
  { transport: tcp, requests: 3_500 },
])('random requests over $transport.name', ({ transport, requests }) => {
  let pair: Pair;
  let caller: RawCaller;
  beforeAll(async () => {
    pair = await startPair(transport);
    caller = transport === tcp ? tcpCaller(pair.port, pair.service) : httpCaller(pair.port);
  });
  afterAll(async () => {
    await caller?.close();
    await pair?.close();
  });

  it(`take no effect, and each is answered (seed ${seed})`, async () => {
    const parcels = fc.sample(randomParcel(pair.service), { numRuns: requests, seed });
    const answers = new Map<string, number>();
    let next = 0;
    const send = async (): Promise<void> => {
      for (let parcel = parcels[next++]; parcel; parcel = parcels[next++]) {
        const { status = 400, text } = await caller.send(parcel);
        const { answer } = JSON.parse(text) as { answer: string };
        if (status < 400 || ['done', 'failed', 'not yet', 'refused'].includes(answer))
          throw new Error(`${text} to ${JSON.stringify(parcel)} (FC_SEED=${seed})`);
        answers.set(answer, (answers.get(answer) ?? 0) + 1);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, send));
    expect([...answers.values()].reduce((sum, each) => sum + each, 0)).toBe(requests);
    // they came as far as each of these
    expect([...answers.keys()]).toEqual(
      expect.arrayContaining(['unauthorized', 'malformed', 'unknown participant', 'other version', 'stale']),
    );
    expect([await barrierRowsOf(pair), runsOf(pair)]).toEqual([0, 0]);
    expect(JSON.parse((await caller.send(signedCall(aCall(pair.service)))).text)).toMatchObject({ answer: 'done' });
  });
});
