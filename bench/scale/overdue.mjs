// 10 000 overdue transactions, settled by 1, 2 and 4 instances; what one process does in the foreground is the yardstick.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { median } from '../report/statistics.mjs';
import { connected } from '../server/databases.mjs';
import { SERVICE, startApp } from './app.mjs';
import { load, warmUp } from './load.mjs';
import { decideAndDie, letLapse } from './overdue-work.mjs';

const INSTANCES = [1, 2, 4];
const OPEN = 'select 1 from tcc_transaction where service = $1 and due_at is not null limit 1';

export async function run({ urls, options: { overdue, seconds, passes } }) {
  const foreground = [];
  const recoveries = [];
  const measureForeground = async () => {
    const app = await startApp(urls, { options: { recovery: false } });
    await warmUp(app.transfer);
    const { perSecond, p50 } = await load(app.transfer, { seconds });
    await app.stop();
    foreground.push({ perSecond, p50 });
    console.log(`foreground, one process, 32 at a time: ${perSecond.toFixed(0)}/s`);
  };
  await measureForeground();
  for (let pass = 0; pass < passes; pass++) {
    for (const instances of INSTANCES) {
      const figures = await recover(urls, instances, overdue);
      recoveries.push(figures);
      console.log(
        `${instances} instances: ${figures.perSecond.toFixed(0)}/s, ${figures.calls} calls, ` +
          `${figures.repeated} of a branch that had been called before, ${figures.overlapping} at the same time as another`,
      );
      await measureForeground();
    }
  }
  const yardstick = median(foreground.map(({ perSecond }) => perSecond));
  const summary = INSTANCES.map((instances) => {
    const own = recoveries.filter((figures) => figures.instances === instances);
    const perSecond = median(own.map((figures) => figures.perSecond));
    return {
      instances,
      perSecond: Math.round(perSecond),
      toForeground: Number((perSecond / yardstick).toFixed(2)),
      calls: own.reduce((sum, { calls }) => sum + calls, 0),
      repeated: own.reduce((sum, { repeated }) => sum + repeated, 0),
      overlapping: own.reduce((sum, { overlapping }) => sum + overlapping, 0),
    };
  });
  console.log(`foreground: ${yardstick.toFixed(0)}/s, median of ${foreground.length} measurements`);
  console.table(summary);
  return { foreground, yardstick, summary, recoveries };
}

/** From the moment at which all fall due, with instances that are looking for work, until the last one has settled. */
async function recover(urls, instances, overdue) {
  const app = await startApp(urls, { options: { recovery: false } });
  await decideAndDie(app.ledger, overdue, { urls });
  await app.stop();
  for (const url of Object.values(urls)) await connected(url, (client) => client.query('vacuum (analyze)'));
  const children = await Promise.all(Array.from({ length: instances }, () => startInstance(urls)));
  const { settled, fell } = await connected(urls.ledger, async (client) => {
    await letLapse(urls.ledger);
    const fell = performance.now();
    const left = async () => {
      const { rows } = await client.query(OPEN, [SERVICE]);
      return rows.length > 0;
    };
    while (await left()) await pause(20);
    return { settled: performance.now(), fell };
  });
  const calls = (await Promise.all(children.map((child) => child.stop()))).flat();
  const seconds = (settled - fell) / 1_000;
  return { instances, overdue, seconds, perSecond: overdue / seconds, calls: calls.length, ...judge(calls, 2 * overdue) };
}

async function startInstance(urls) {
  const child = fork(join(import.meta.dirname, 'instance.mjs'), [JSON.stringify({ urls, options: {} })]);
  const exit = once(child, 'exit');
  const [said] = await Promise.race([once(child, 'message'), exit]);
  if (said !== 'ready') throw new Error('an instance ended before it was ready');
  return {
    stop: async () => {
      const answer = once(child, 'message');
      child.send('stop');
      const [{ calls }] = await answer;
      await exit;
      return calls;
    },
  };
}

/** How many calls were of a branch that had been called before, and how many began while another one was under way. */
function judge(calls, branches) {
  const byBranch = new Map();
  for (const call of calls) {
    const key = `${call.xid}:${call.branch}`;
    byBranch.set(key, [...(byBranch.get(key) ?? []), call]);
  }
  if (byBranch.size !== branches) throw new Error(`${byBranch.size} of ${branches} branches were called`);
  let repeated = 0;
  let overlapping = 0;
  for (const own of byBranch.values()) {
    own.sort((a, b) => a.from - b.from);
    let until = -Infinity;
    for (const [index, { from, to = Infinity }] of own.entries()) {
      if (index > 0) repeated++;
      if (from < until) overlapping++;
      until = Math.max(until, to);
    }
  }
  return { repeated, overlapping };
}
