// A participant that takes ten seconds, in the foreground and in recovery, beside fast ones.
import { setTimeout as pause } from 'node:timers/promises';
import { defaultPayloadCodec, defineParticipant, defineTry } from 'nestjs-tcc';
import { uuidv7 } from 'uuidv7';
import { median } from '../report/statistics.mjs';
import { SERVICE, startApp } from './app.mjs';
import { load, warmUp } from './load.mjs';

const TAKES_MS = 10_000;

export async function run({ urls, options: { rounds, seconds, calls } }) {
  const slowly = () => pause(TAKES_MS);
  const sluggish = defineParticipant(
    'sluggish',
    { dataSource: false },
    { hold: defineTry({ timeLimit: '15s', try: slowly, confirm: slowly, cancel: slowly }) },
  );
  const app = await startApp(urls, { more: [sluggish] });
  try {
    await warmUp(app.transfer);
    // A machine that stands still for half a minute is no fault of the slow ones: counted, not fatal.
    let failed = 0;
    const transfer = () => app.transfer().catch(() => void failed++);
    const points = [];
    for (let round = 0; round < rounds; round++) {
      const without = await load(transfer, { seconds });
      let on = true;
      // Callers whose try takes ten seconds, and then their confirm; and as many confirms that recovery has to call.
      const callers = Array.from({ length: calls }, async () => {
        while (on) await app.tcc.run({ name: 'slow' }, () => app.tcc.branch(sluggish, 'hold', 1));
      });
      await overdue(app.ledger, calls);
      const beside = await load(transfer, { seconds });
      on = false;
      await Promise.all(callers);
      points.push({
        without,
        beside,
        throughput: beside.perSecond / without.perSecond,
        p50: beside.p50 / without.p50,
        p99: beside.p99 / without.p99,
      });
      const last = points.at(-1);
      console.log(
        `without: ${without.perSecond.toFixed(0)}/s, p50 ${without.p50.toFixed(1)} ms; ` +
          `beside ${2 * calls} slow calls: ${beside.perSecond.toFixed(0)}/s, p50 ${beside.p50.toFixed(1)} ms; ` +
          `ratios ${last.throughput.toFixed(2)} and ${last.p50.toFixed(2)}`,
      );
    }
    const of = (what) => Number(median(points.map((point) => point[what])).toFixed(3));
    const ratios = { throughput: of('throughput'), p50: of('p50'), p99: of('p99') };
    console.table([ratios]);
    console.log(`${failed} transfers failed`);
    return { points, ratios, failed };
  } finally {
    await app.stop();
  }
}

async function overdue(ledger, count) {
  const begins = Array.from({ length: count }, () => ({
    xid: uuidv7(),
    service: SERVICE,
    name: 'slow',
    order: 'together',
    baggage: {},
    deadline: performance.now() + 60_000,
    branches: [
      {
        seq: 1,
        participant: 'sluggish',
        method: 'hold',
        kind: 'tcc',
        args: defaultPayloadCodec.encode([1]),
        timeLimitMs: 15_000,
      },
    ],
  }));
  const none = { begins: [], registers: [], decides: [], settles: [] };
  await ledger.flush({ ...none, begins });
  const outcomes = { 1: { confirm: true, answered: true, result: defaultPayloadCodec.encode(undefined) } };
  const decides = begins.map(({ xid }) => ({ xid, to: 'confirming', outcomes, owner: 'dead', leaseMs: 0 }));
  await ledger.flush({ ...none, decides });
}
