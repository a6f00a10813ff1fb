// What retention costs the transfers beside it, how fast it is, and what it writes.
import { Retention } from '../../libs/tcc/dist/esm/retention/retention.js';
import { median, percentiles } from '../report/statistics.mjs';
import { connected } from '../server/databases.mjs';
import { SERVICE, startApp } from './app.mjs';
import { walBytes } from './databases.mjs';
import { fillLedger } from './fill.mjs';
import { load, warmUp } from './load.mjs';

const DAY_MS = 86_400_000;
const BARE = 100_000;

export async function run({ urls, options: { settled, rounds, seconds } }) {
  const app = await startApp(urls, { options: { recovery: false } });
  try {
    await app.transfer();
    console.log(`filling the ledger with ${settled} settled transactions`);
    await fillLedger(urls.ledger, { count: settled, oldest: '60 days', newest: '2 days' });
    const bare = await alone(app.ledger, urls.ledger, Math.min(BARE, Math.floor(settled / 3)));
    console.log('batch by batch without a pause, nothing else running');
    console.table([bare]);
    const points = await beside(app, rounds, seconds);
    const of = (what) => median(points.map(what));
    const summary = {
      without: Math.round(of(({ without }) => without.perSecond)),
      beside: Math.round(of((point) => point.beside.perSecond)),
      throughput: Number(of(({ throughput }) => throughput).toFixed(3)),
      p50: Number(of((point) => point.beside.p50 / point.without.p50).toFixed(3)),
      removedPerSecond: Math.round(of(({ removedPerSecond }) => removedPerSecond)),
    };
    console.log(`transfers, 32 at a time, without and beside retention, ${rounds} rounds of ${seconds} s each`);
    console.table([summary]);
    return { bare, summary, points };
  } finally {
    await app.stop();
  }
}

async function alone(ledger, url, count) {
  await connected(url, (client) => client.query('checkpoint'));
  const [from, wal] = [performance.now(), await walBytes(url)];
  const took = [];
  let removed = 0;
  for (let after; removed < count;) {
    const startedAt = performance.now();
    const answer = await ledger.purge({ service: SERVICE, retentionMs: DAY_MS, after, limit: 1_000 });
    took.push(performance.now() - startedAt);
    removed += answer.removed;
    after = answer.upTo;
    if (!answer.more) break;
  }
  const seconds = (performance.now() - from) / 1_000;
  const bytes = (await walBytes(url)) - wal;
  return {
    removed,
    perSecond: Math.round(removed / seconds),
    batchMs: median(took),
    batchP95Ms: percentiles(took).p95,
    walMiB: Number((bytes / 2 ** 20).toFixed(1)),
    walBytesEach: Math.round(bytes / removed),
  };
}

/** As the module runs it: with its pauses. */
async function beside(app, rounds, seconds) {
  await warmUp(app.transfer);
  const points = [];
  for (let round = 0; round < rounds; round++) {
    const without = await load(app.transfer, { seconds });
    let removed = 0;
    const counting = {
      purge: async (request) => {
        const answer = await app.ledger.purge(request);
        removed += answer.removed;
        return answer;
      },
    };
    const retention = new Retention(counting, { service: SERVICE, retentionMs: DAY_MS });
    retention.start();
    const loaded = await load(app.transfer, { seconds });
    const removedPerSecond = removed / seconds;
    await retention.stop();
    if (removed === 0) throw new Error('there was nothing left to remove: give it more with --settled');
    points.push({ without, beside: loaded, throughput: loaded.perSecond / without.perSecond, removedPerSecond });
  }
  return points;
}
