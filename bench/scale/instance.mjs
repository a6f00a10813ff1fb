// One instance of the service in a process of its own. Told to `stop`, it ends and says which calls it made.
import { setTimeout as pause } from 'node:timers/promises';
import { startApp } from './app.mjs';
import { warmUp } from './load.mjs';

/** Milliseconds in which the last of the transfers of the warm-up have settled. */
const SETTLED = 500;

const { urls, options } = JSON.parse(process.argv[2]);

/** Each call of a confirm, from before its local transaction is opened until behind its end. */
const calls = [];
const open = new Map();
/** How many transactions each claim brought, of those that brought any. */
const claims = [];

const faults = (point, { xids, branch }) => {
  if (point === 'ledger.claim.done') claims.push(xids.length);
  else if (point === 'barrier.confirm.opening') {
    const call = { xid: xids[0], branch, from: Number(process.hrtime.bigint()), to: undefined };
    calls.push(call);
    open.set(`${xids[0]}:${branch}`, call);
  } else if (point === 'barrier.confirm.committed' || point === 'barrier.confirm.rolled-back') {
    const call = open.get(`${xids[0]}:${branch}`);
    open.delete(`${xids[0]}:${branch}`);
    if (call) call.to = Number(process.hrtime.bigint());
  }
};

const app = await startApp(urls, { options: { ...options, faults } });
// As the foreground is that it is compared with, and as instances are that take over from one that has died.
await warmUp(app.transfer);
await pause(SETTLED);
calls.length = claims.length = 0;
// Of the work alone: starting takes a second of it.
const cpu = process.cpuUsage();
const end = async () => {
  await app.stop();
  const { user, system } = process.cpuUsage(cpu);
  process.send({ calls, claims, cpu: user + system }, () => process.disconnect());
};
process.once('message', () => void end());
process.send('ready');
