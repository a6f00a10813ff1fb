// What a ledger with millions of settled transactions costs: the claim of recovery, and transfers.
import { randomUUID } from 'node:crypto';
import { median, percentiles } from '../report/statistics.mjs';
import { SERVICE, startApp } from './app.mjs';
import { withDatabase } from './databases.mjs';
import { fillLedger, sizes } from './fill.mjs';
import { load, warmUp } from './load.mjs';
import { decideAndDie } from './overdue-work.mjs';

const RUNS = 50;
const DUE = 1_000;
const LIMIT = 100;

export function run({ urls, server, options }) {
  return withDatabase(server.url, 'empty', (empty) => study({ ...urls }, empty, options));
}

async function study(urls, emptyUrl, { settled, rounds, seconds }) {
  // Recovery would claim what the runs below are to claim.
  const quiet = { options: { recovery: false } };
  const filled = await startApp(urls, quiet);
  const empty = await startApp({ ...urls, ledger: emptyUrl }, quiet);
  try {
    await filled.transfer();
    console.log(`filling the ledger with ${settled} settled transactions`);
    await fillLedger(urls.ledger, { count: settled, oldest: '60 days' });
    const tables = await sizes(urls.ledger);
    console.table(tables);

    const claims = {};
    for (const [name, app] of Object.entries({ filled, empty })) {
      claims[`${name}, nothing due`] = await claims0(app.ledger);
      claims[`${name}, ${LIMIT} of ${DUE} due`] = await claimsOf(app.ledger);
    }
    console.log('one claim through the library, over TCP, with the branches of what it claims; milliseconds');
    console.table(claims);

    const subjects = { filled, empty };
    for (const { transfer } of Object.values(subjects)) await warmUp(transfer);
    const points = [];
    for (let round = 0; round < rounds; round++) {
      const point = {};
      const order = Object.keys(subjects);
      for (const name of round % 2 === 0 ? order : order.toReversed())
        point[name] = await load(subjects[name].transfer, { seconds });
      point.ratio = point.filled.perSecond / point.empty.perSecond;
      points.push(point);
    }
    const ratios = points.map(({ ratio }) => ratio);
    const throughput = {
      filledPerSecond: median(points.map((point) => point.filled.perSecond)),
      emptyPerSecond: median(points.map((point) => point.empty.perSecond)),
      ratio: median(ratios),
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
    };
    console.log(`transfers, 32 at a time, ${rounds} interleaved rounds of ${seconds} s`);
    console.table([throughput]);
    return { tables, claims, throughput, points };
  } finally {
    await filled.stop();
    await empty.stop();
  }
}

const claim = async (ledger) => {
  const request = { service: SERVICE, owner: `bench:${randomUUID()}`, leaseMs: 600_000, limit: LIMIT, except: [] };
  const from = performance.now();
  const claimed = await ledger.claim(request);
  return { ms: performance.now() - from, claimed };
};

const summary = (values) => ({ median: median(values), p95: percentiles(values).p95, runs: values.length });

async function claims0(ledger) {
  const took = [];
  for (let run = -10; run < RUNS; run++) {
    const { ms, claimed } = await claim(ledger);
    if (claimed.length !== 0) throw new Error(`${claimed.length} transactions were due`);
    if (run >= 0) took.push(ms);
  }
  return summary(took);
}

/** What each run has claimed is settled behind it, and as many others fall due. */
async function claimsOf(ledger) {
  await decideAndDie(ledger, DUE, { leaseMs: 0 });
  const took = [];
  for (let run = -10; run < RUNS; run++) {
    const { ms, claimed } = await claim(ledger);
    if (claimed.length !== LIMIT) throw new Error(`claimed ${claimed.length} of ${LIMIT}`);
    if (run >= 0) took.push(ms);
    const settles = claimed.map(({ xid, owner, epoch }) => ({ xid, owner, epoch, seqs: [1, 2] }));
    await ledger.flush({ begins: [], registers: [], decides: [], settles });
    await decideAndDie(ledger, LIMIT, { leaseMs: 0 });
  }
  for (let left = DUE; left > 0;) {
    const { claimed } = await claim(ledger);
    const settles = claimed.map(({ xid, owner, epoch }) => ({ xid, owner, epoch, seqs: [1, 2] }));
    await ledger.flush({ begins: [], registers: [], decides: [], settles });
    left -= claimed.length;
  }
  return summary(took);
}
