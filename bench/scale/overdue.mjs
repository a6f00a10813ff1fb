// 10 000 overdue transactions, settled by 1, 2 and 4 instances; what one process does in the foreground is the yardstick.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { cpuOfTree } from '../counters/processes.mjs';
import { median } from '../report/statistics.mjs';
import { connected } from '../server/databases.mjs';
import { SERVICE, startApp } from './app.mjs';
import { judgeCalls } from './judge-calls.mjs';
import { load, warmUp } from './load.mjs';
import { decideAndDie, letLapse } from './overdue-work.mjs';

const INSTANCES = [1, 2, 4];
const OPEN = 'select 1 from tcc_transaction where service = $1 and due_at is not null limit 1';

export async function run({ urls, server, options: { overdue, seconds, passes } }) {
  const foreground = [await inForeground(urls, server, seconds)];
  const recoveries = [];
  for (let pass = 0; pass < passes; pass++) {
    for (const instances of INSTANCES) {
      const figures = await recover(urls, server, instances, overdue);
      foreground.push(await inForeground(urls, server, seconds));
      // The machine is not the same from minute to minute: what counts is what was measured right before and behind.
      const beside = (foreground.at(-2).perSecond + foreground.at(-1).perSecond) / 2;
      recoveries.push({ ...figures, toForeground: figures.perSecond / beside });
      console.log(JSON.stringify(recoveries.at(-1)));
    }
  }
  const middle = (all, what) => Number(median(all.map((each) => each[what])).toPrecision(3));
  const sum = (all, what) => all.reduce((total, each) => total + each[what], 0);
  const summary = INSTANCES.map((instances) => {
    const own = recoveries.filter((figures) => figures.instances === instances);
    return {
      instances,
      perSecond: middle(own, 'perSecond'),
      toForeground: middle(own, 'toForeground'),
      cpuMicroseconds: middle(own, 'cpuMicroseconds'),
      claims: sum(own, 'claims'),
      calls: sum(own, 'calls'),
      repeated: sum(own, 'repeated'),
      overlapping: sum(own, 'overlapping'),
    };
  });
  const yardstick = {
    perSecond: middle(foreground, 'perSecond'),
    cpuMicroseconds: middle(foreground, 'cpuMicroseconds'),
  };
  console.log('the foreground, one process, 32 at a time');
  console.table([yardstick]);
  console.log(
    'recovery; calls of a branch that had been called before, and calls beside another one of the same branch',
  );
  console.table(summary);
  return { yardstick, summary, foreground, recoveries };
}

async function inForeground(urls, server, seconds) {
  const app = await startApp(urls, { options: { recovery: false } });
  await warmUp(app.transfer);
  const before = { own: process.cpuUsage(), server: cpuOfTree(server.pid) };
  const { perSecond, p50 } = await load(app.transfer, { seconds });
  const { user, system } = process.cpuUsage(before.own);
  const cpu = user + system + (cpuOfTree(server.pid) - before.server);
  await app.stop();
  const figures = { perSecond, p50, cpuMicroseconds: cpu / (perSecond * seconds) };
  console.log(`foreground: ${JSON.stringify(figures)}`);
  return figures;
}

/** From the moment at which all fall due, with instances that are looking for work, until the last one has settled. */
async function recover(urls, server, instances, overdue) {
  const app = await startApp(urls, { options: { recovery: false } });
  await decideAndDie(app.ledger, overdue, { urls });
  await app.stop();
  for (const url of Object.values(urls)) await connected(url, (client) => client.query('vacuum (analyze)'));
  const children = await Promise.all(Array.from({ length: instances }, () => startInstance(urls)));
  await letLapse(urls.ledger);
  const [fell, serverCpu] = [performance.now(), cpuOfTree(server.pid)];
  await connected(urls.ledger, async (client) => {
    while ((await client.query(OPEN, [SERVICE])).rows.length > 0) await pause(20);
  });
  const seconds = (performance.now() - fell) / 1_000;
  const spent = cpuOfTree(server.pid) - serverCpu;
  const reports = await Promise.all(children.map((child) => child.stop()));
  const cpu = spent + reports.reduce((sum, report) => sum + report.cpu, 0);
  return {
    instances,
    seconds,
    perSecond: overdue / seconds,
    cpuMicroseconds: cpu / overdue,
    claims: reports.flatMap((report) => report.claims).length,
    ...judgeCalls(
      reports.flatMap((report) => report.calls),
      2 * overdue,
    ),
  };
}

async function startInstance(urls) {
  const child = fork(new URL('instance.mjs', import.meta.url), [JSON.stringify({ urls, options: {} })]);
  const exit = once(child, 'exit');
  const [said] = await Promise.race([once(child, 'message'), exit]);
  if (said !== 'ready') throw new Error('an instance ended before it was ready');
  return {
    stop: async () => {
      const answer = once(child, 'message');
      child.send('stop');
      const [report] = await answer;
      await exit;
      return report;
    },
  };
}
