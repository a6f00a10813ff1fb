import type { Run, Verdict } from './checker/check.js';
import { lateCharges } from './checker/effect-checks.js';
import type { Event } from './history.js';
import { shapeOf, type Logs } from './logs.js';
import { connectionGrowth, type HeapGrowth } from './measure/growth.js';
import type { ConnectionSample, Sample } from './measure/watch.js';
import type { Struck } from './nemesis/nemesis.js';
import type { SoakOptions } from './options.js';
import { INSTANCES } from './world/topology.js';

/** What a run has come to. */
export interface SoakResult {
  readonly options: SoakOptions;
  readonly ranMs: number;
  readonly run: Run;
  readonly struck: readonly Struck[];
  readonly missed: number;
  readonly openAtCalm: number;
  /** Undefined: it did not settle. */
  readonly settledMs: number | undefined;
  readonly growth: HeapGrowth | undefined;
  readonly samples: readonly Sample[];
  readonly connections: readonly ConnectionSample[];
  readonly logs: Logs;
  readonly verdicts: readonly Verdict[];
}

/** The report as data. */
export type Summary = ReturnType<typeof summarize>;

function countBy<T>(items: readonly T[], key: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).sort(([, a], [, b]) => b - a));
}

/** How orders in doubt have ended. */
function doubts({ events, found }: Run): Record<string, number> {
  const xids = events.flatMap((event) =>
    event.type === 'info' && event.code === 'TCC_IN_DOUBT' && event.xid !== undefined ? [event.xid] : [],
  );
  return countBy(xids, (xid) => found.transactions.get(xid)?.status ?? 'never recorded');
}

export function summarize(result: SoakResult) {
  const { events, found } = result.run;
  const steady = INSTANCES.find((each) => each.steady)!.name;
  const told = countBy(events, (event) =>
    event.type === 'info' || event.type === 'fail' ? `${event.type} ${event.code}` : event.type,
  );
  const succeeded = told['ok'] ?? 0;
  const delays = result.samples.map(({ measure }) => measure.loop);
  return {
    seed: result.options.seed,
    minutes: result.options.minutes,
    clients: result.options.clients,
    transactions: countBy(found.state.transactions, ({ status }) => status),
    branches: found.state.branches.length,
    ordersByKind: countBy(
      events.filter(({ type }) => type === 'invoke'),
      ({ order }) => order.kind,
    ),
    told,
    messages: countBy(
      events.flatMap((event) => (event.type === 'fail' ? [`${event.code}: ${shapeOf(event.message)}`] : [])),
      (shape) => shape,
    ),
    succeededPerSecond: Math.round((succeeded / result.ranMs) * 10_000) / 10,
    inDoubtEndedAs: doubts(result.run),
    faults: countBy(result.struck, ({ what }) => what),
    kills: result.struck.filter(({ what }) => what === 'kill').length,
    databaseRestarts: result.struck.filter(({ what }) => what.startsWith('database')).length,
    faultsMissed: result.missed,
    failedStarts: result.logs.failedStarts.length,
    openAtCalm: result.openAtCalm,
    settledMs: result.settledMs,
    lateCharges: lateCharges(result.run),
    heap: result.growth,
    heapKib: result.samples.map(({ atMs, measure }) => [
      atMs,
      measure.answered,
      Math.round(measure.heapBytes / 1024),
      Math.round(measure.codeBytes / 1024),
    ]),
    rssMib: result.samples.map(({ measure }) => Math.round(measure.rssBytes / 2 ** 20)).at(-1),
    resources: [result.samples[0], result.samples.at(-1)].map((sample) => sample?.measure.resources),
    eventLoopMs: {
      worstP99: Math.max(0, ...delays.map(({ p99 }) => p99)),
      max: Math.max(0, ...delays.map(({ max }) => max)),
    },
    connections: { instance: steady, ...connectionGrowth(result.connections, steady) },
    log: result.logs.mostFrequent().slice(0, 25),
    checks: result.verdicts.map(({ name, checked, breaches }) => ({ name, checked, breaches: breaches.length })),
    breaches: result.verdicts.flatMap(({ name, breaches }) => breaches.map((breach) => ({ check: name, ...breach }))),
  };
}

const listed = (counts: Readonly<Record<string, number>>): string =>
  Object.entries(counts)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ') || 'none';

/** The report for people. */
export function reportLines(summary: Summary): string[] {
  const { heap, connections } = summary;
  return [
    `seed ${summary.seed}, ${summary.minutes} min, ${summary.clients} clients`,
    `transactions: ${listed(summary.transactions)}; ${summary.branches} branches`,
    `clients were told: ${listed(summary.told)}; ${summary.succeededPerSecond} successes a second`,
    `in doubt, and ended as: ${listed(summary.inDoubtEndedAs)}`,
    `faults: ${summary.kills} process kills, ${summary.databaseRestarts} database restarts; ${listed(summary.faults)}`,
    `  ${summary.faultsMissed} had no victim, ${summary.failedStarts} starts failed (a database was away)`,
    `calm: ${summary.openAtCalm} transactions open, ${summary.settledMs === undefined ? 'NOT settled' : `settled after ${summary.settledMs} ms`}`,
    `charges that came too late to be refused (a stated non-guarantee): ${summary.lateCharges}`,
    heap === undefined
      ? 'heap: not measured'
      : `heap of ${connections.instance} after gc, without compiled code (${heap.codeMib.join(' to ')} MiB): ` +
        `${heap.firstMib} MiB to ${heap.lastMib} MiB, ` +
        `${heap.kibPerMinute.slope.toFixed(1)} ± ${heap.kibPerMinute.uncertainty.toFixed(1)} KiB a minute, ` +
        `${heap.bytesPerOrder.slope.toFixed(1)} ± ${heap.bytesPerOrder.uncertainty.toFixed(1)} bytes an order ` +
        `(${heap.kibPerMinute.points} samples); resources ${summary.resources.join(' to ')}, RSS ${summary.rssMib} MiB`,
    `backends of ${connections.instance}: ${connections.slope.toFixed(2)} ± ${connections.uncertainty.toFixed(2)} a minute, at most ${connections.most}`,
    `event loop of ${connections.instance}: p99 at most ${summary.eventLoopMs.worstP99} ms, longest ${summary.eventLoopMs.max} ms`,
    `log, warnings and worse: ${summary.log.length === 0 ? 'nothing' : ''}`,
    ...summary.log.map(([line, times]) => `  ${times} × ${line.slice(0, 200)}`),
    ...summary.checks.map(
      ({ name, checked, breaches }) =>
        `${breaches > 0 ? 'BREACH' : checked > 0 ? 'holds ' : 'unseen'} ${name}: ${checked} checked, ${breaches} breaches`,
    ),
  ];
}

/** One line a minute. */
export function minuteLine(
  atMs: number,
  events: readonly Event[],
  struck: readonly Struck[],
  sample: Sample | undefined,
): string {
  const count = (type: Event['type']): number => events.reduce((sum, event) => sum + (event.type === type ? 1 : 0), 0);
  const done = (what: string): number => struck.filter((each) => each.what.startsWith(what)).length;
  const heap = sample ? `${(sample.measure.heapBytes / 2 ** 20).toFixed(1)} MiB heap` : 'heap not measured yet';
  return (
    `${(atMs / 60_000).toFixed(1)} min: ${count('ok')} done, ${count('fail')} refused, ${count('info')} unknown; ` +
    `${done('kill')} kills, ${done('database')} database restarts, ${struck.length} faults; ${heap}`
  );
}
