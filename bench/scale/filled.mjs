// What a ledger with millions of settled transactions costs: the claim of recovery, looking for what to remove, transfers.
import { median, percentiles } from '../report/statistics.mjs';
import { SERVICE, startApp } from './app.mjs';
import { DUE, LIMIT, timeClaims } from './claims.mjs';
import { withDatabase } from './databases.mjs';
import { fillLedger, sizes } from './fill.mjs';
import { load, warmUp } from './load.mjs';

/** So that PostgreSQL plans for both as for tables that have been there for some time. */
const SMALL = 20_000;
const DAY_MS = 86_400_000;

export function run({ urls, server, options }) {
  return withDatabase(server.url, 'small', (small) => study(urls, small, options));
}

async function study(urls, smallUrl, { settled, rounds, seconds, series }) {
  // Recovery would claim what the runs below are to claim.
  const quiet = { options: { recovery: false } };
  const subjects = {
    filled: await startApp(urls, quiet),
    small: await startApp({ ...urls, ledger: smallUrl }, quiet),
  };
  try {
    for (const { transfer } of Object.values(subjects)) await transfer();
    console.log(`filling one ledger with ${settled} settled transactions, another one with ${SMALL}`);
    await fillLedger(smallUrl, { count: SMALL, oldest: '60 days' });
    await fillLedger(urls.ledger, { count: settled, oldest: '60 days' });
    const tables = await sizes(urls.ledger);
    console.table(tables);

    const claims = {};
    for (let turn = 0; turn < series; turn++) {
      for (const [name, { ledger }] of Object.entries(subjects)) {
        const url = name === 'filled' ? urls.ledger : smallUrl;
        (claims[`${name}, nothing due`] ??= []).push(await timeClaims(ledger, url, 0));
        (claims[`${name}, ${LIMIT} of ${DUE} due`] ??= []).push(await timeClaims(ledger, url, DUE));
      }
    }
    const claimed = Object.fromEntries(Object.entries(claims).map(([what, all]) => [what, overall(all)]));
    console.log(
      `a claim through the library, over TCP, with the branches of what it claims; ${series} series of 50; ms`,
    );
    console.table(claimed);

    const looks = await timeLooks(subjects.filled.ledger);
    console.log('a look for what to remove; ms');
    console.table(looks);

    for (const { transfer } of Object.values(subjects)) await warmUp(transfer);
    const points = [];
    for (let round = 0; round < rounds; round++) {
      const point = {};
      const order = Object.keys(subjects);
      for (const name of round % 2 === 0 ? order : order.toReversed())
        point[name] = await load(subjects[name].transfer, { seconds });
      point.ratio = point.filled.perSecond / point.small.perSecond;
      points.push(point);
    }
    const ratios = points.map(({ ratio }) => ratio);
    const throughput = {
      filledPerSecond: median(points.map((point) => point.filled.perSecond)),
      smallPerSecond: median(points.map((point) => point.small.perSecond)),
      ratio: median(ratios),
      lowest: Math.min(...ratios),
      highest: Math.max(...ratios),
    };
    console.log(`transfers, 32 at a time, ${rounds} interleaved rounds of ${seconds} s`);
    console.table([throughput]);
    return { tables, claims: claimed, looks, throughput, points };
  } finally {
    for (const { stop } of Object.values(subjects)) await stop();
  }
}

/** Over all, and the series that the rest of the machine disturbed least; milliseconds. */
function overall(series) {
  const figures = (claims) => {
    const took = claims.map(({ ms }) => ms);
    return { median: median(took), p95: percentiles(took).p95 };
  };
  const all = figures(series.flat());
  const quietest = series.map(figures).toSorted((a, b) => a.median - b.median)[0];
  const cpu = series.flat().flatMap(({ cpuMs }) => cpuMs ?? []);
  return {
    ...all,
    quietestMedian: quietest.median,
    quietestP95: quietest.p95,
    ...(cpu.length > 0 && { cpuMedian: median(cpu), cpuP95: percentiles(cpu).p95 }),
  };
}

async function timeLooks(ledger) {
  const timed = async (request) => {
    const took = [];
    let after;
    for (let run = -5; run < 50; run++) {
      const from = performance.now();
      const { removed, upTo } = await ledger.purge({ limit: 1_000, after, ...request });
      if (run >= 0) took.push(performance.now() - from);
      if (removed !== 0) throw new Error('it removed something');
      after = upTo ?? after;
    }
    return { median: median(took), p95: percentiles(took).p95 };
  };
  return {
    'nothing is old enough': await timed({ service: SERVICE, retentionMs: 90 * DAY_MS }),
    '1 000 old ones of another service': await timed({ service: 'another', retentionMs: 2 * DAY_MS }),
  };
}
