// Entry of an instance: does what its parent asks, see protocol.ts.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapCodeStatistics } from 'node:v8';
import { defaultPayloadCodec, isTccError, Tcc } from 'nestjs-tcc';
import { Orders } from './orders.js';
import type { Answer, Ask, InstancePlan, Measure, Order, Say, Told } from './protocol.js';
import { shiftWallClock } from './shift-wall-clock.js';
import { startSoakApp } from './soak-app.js';

const plan = JSON.parse(process.argv[2] ?? '{}') as InstancePlan;
// its parent is gone
process.once('disconnect', () => process.exit(0));
if (plan.clockShiftMs !== 0) shiftWallClock(plan.clockShiftMs);

const say = (what: Say): void => void process.send?.(what, undefined, undefined, () => undefined);

const app = await startSoakApp(plan);
app.enableShutdownHooks(['SIGTERM']);
const orders = app.get(Orders);
const tcc = app.get(Tcc);
const loop = monitorEventLoopDelay({ resolution: 10 });
loop.enable();
let answered = 0;

async function place(order: Order): Promise<Told> {
  try {
    return { ok: true, value: defaultPayloadCodec.encode(await orders.run(order)) };
  } catch (error) {
    const { name, message, code } = error as Error & { code?: unknown };
    const xid = tcc.xidOf(error) ?? (isTccError(error) ? error.xid : undefined);
    return { ok: false, code: typeof code === 'string' ? code : name, message, xid };
  } finally {
    answered++;
  }
}

function measure(): Measure {
  // twice: what only finalizers kept alive is gone after the second
  globalThis.gc?.();
  globalThis.gc?.();
  const { code_and_metadata_size: code, bytecode_and_metadata_size: bytecode } = getHeapCodeStatistics();
  const { heapUsed, external, rss } = process.memoryUsage();
  const ms = (nanoseconds: number): number => Math.round(nanoseconds / 1e5) / 10;
  const delays = { p50: ms(loop.percentile(50)), p99: ms(loop.percentile(99)), max: ms(loop.max) };
  loop.reset();
  return {
    heapBytes: heapUsed,
    codeBytes: code + bytecode,
    externalBytes: external,
    rssBytes: rss,
    answered,
    resources: process.getActiveResourcesInfo().length,
    loop: delays,
  };
}

async function answer(ask: Ask): Promise<Answer> {
  switch (ask.do) {
    case 'order':
      return { told: await place(ask.order) };
    case 'outcome':
      return { outcome: (await tcc.outcome(ask.xid))?.status };
    case 'measure':
      return { measure: measure() };
  }
}

process.on('message', (ask: Ask) => {
  void answer(ask)
    .catch((error: unknown) => ({ failed: String(error) }))
    .then((given) => say({ said: 'answer', id: ask.id, answer: given }));
});
say({ said: 'ready' });
