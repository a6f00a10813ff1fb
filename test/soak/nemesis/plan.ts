import type { Direction, Verdict } from '../../support/processes/tcp-proxy.js';
import { Random } from '../random.js';
import { STOP_MODES, type StopMode } from '../world/database-server.js';
import { SERVERS, type ServerName } from '../world/topology.js';

/** Something bad. `instance` is where to look for a victim first: the next one that it can be done to is taken. */
export type Fault = { readonly atMs: number } & (
  | { readonly kind: 'kill' | 'terminate'; readonly instance: number; readonly restartAfterMs: number }
  | { readonly kind: 'freeze'; readonly instance: number; readonly forMs: number }
  | { readonly kind: 'database'; readonly server: ServerName; readonly mode: StopMode; readonly forMs: number }
  | { readonly kind: 'backends'; readonly server: ServerName; readonly count: number }
  | {
      readonly kind: 'commit';
      readonly instance: number;
      readonly server: ServerName;
      readonly verdict: Exclude<Verdict, 'pass'>;
      readonly count: number;
    }
  | {
      readonly kind: 'stall' | 'refuse' | 'delay' | 'late' | 'torn';
      readonly instance: number;
      readonly server: ServerName;
      readonly forMs: number;
      readonly delayMs: number;
    }
  | {
      readonly kind: 'forget';
      readonly instance: number;
      readonly server: ServerName;
      readonly ways: readonly Direction[];
    }
  /** A decision is lost or its answer is, and nothing gets through to the ledger for a while. */
  | { readonly kind: 'doubt'; readonly instance: number; readonly verdict: 'lose' | 'hide'; readonly forMs: number }
);
export type FaultKind = Fault['kind'];

/** How often, a minute. */
const RATES: Readonly<Record<FaultKind, number>> = {
  kill: 14,
  terminate: 2,
  freeze: 3,
  database: 4,
  backends: 5,
  commit: 8,
  stall: 2,
  refuse: 2,
  delay: 2,
  late: 6,
  torn: 1,
  forget: 1,
  doubt: 6,
};

/** Every half a minute there is some time in which nothing bad begins: what is not done then is not progress. */
const ROUND_MS = 30_000;
const QUIET_MS = 7_000;
const MOST_INSTANCES = 100;
const FORGOTTEN: readonly (readonly Direction[])[] = [['requests'], ['answers'], ['requests', 'answers']];

/** Which faults come when: the same for the same seed. Earlier ones may still last when the next one comes. */
export function planFaults(seed: number, minutes: number): readonly Fault[] {
  const random = new Random(seed);
  const busyMs = minutes * 60_000 * (1 - QUIET_MS / ROUND_MS);
  const faults: Fault[] = [];
  for (const kind of Object.keys(RATES) as FaultKind[]) {
    const count = Math.max(1, Math.round(RATES[kind] * minutes));
    for (let made = 0; made < count; made++) faults.push(fault(kind, intoBusyTime(random.between(0, busyMs)), random));
  }
  return faults.sort((a, b) => a.atMs - b.atMs);
}

const intoBusyTime = (ms: number): number => Math.round(ms + Math.floor(ms / (ROUND_MS - QUIET_MS)) * QUIET_MS);

/** When nothing bad begins, as [from, to]. */
export function quietTimes(minutes: number): readonly (readonly [number, number])[] {
  const rounds = Math.floor((minutes * 60_000) / ROUND_MS);
  return Array.from({ length: rounds }, (_, round) => [(round + 1) * ROUND_MS - QUIET_MS, (round + 1) * ROUND_MS]);
}

function fault(kind: FaultKind, atMs: number, random: Random): Fault {
  const instance = random.whole(0, MOST_INSTANCES);
  const server = random.of(SERVERS);
  const ms = (low: number, high: number): number => random.whole(low, high);
  switch (kind) {
    case 'kill':
    case 'terminate':
      return { kind, atMs, instance, restartAfterMs: random.chance(0.6) ? 0 : ms(300, 4_000) };
    case 'freeze':
      // the lease is 3 s
      return { kind, atMs, instance, forMs: random.chance(0.6) ? ms(3_200, 6_000) : ms(500, 2_500) };
    case 'database':
      return { kind, atMs, server, mode: random.of(STOP_MODES), forMs: random.chance(0.5) ? 0 : ms(300, 3_000) };
    case 'backends':
      return { kind, atMs, server, count: random.whole(1, 6) };
    case 'commit':
      return {
        kind,
        atMs,
        instance,
        server,
        verdict: random.of(['lose', 'cut', 'hide'] as const),
        count: random.whole(1, 4),
      };
    case 'late':
      // past the time limit of a charge, or past the deadline of what is slow
      return { kind, atMs, instance, server, forMs: ms(2_000, 5_000), delayMs: ms(500, 3_000) };
    case 'forget':
      return { kind, atMs, instance, server, ways: random.of(FORGOTTEN) };
    case 'doubt':
      // longer than a call waits for its ledger
      return { kind, atMs, instance, verdict: random.of(['lose', 'hide'] as const), forMs: ms(2_500, 4_000) };
    case 'stall':
    case 'refuse':
    case 'delay':
    case 'torn':
      return { kind, atMs, instance, server, forMs: ms(500, 4_000), delayMs: ms(10, 120) };
  }
}
