import fc from 'fast-check';
import { Coverage } from './coverage.js';

/**
 * How the properties are run. A failure prints seed, path and (for sequences of commands) replayPath; to run exactly that
 * case again, or to look longer:
 *
 * - `FC_SEED=… FC_PATH=… npm run jest -- test/property/x.spec.ts -t 'name of the test'` runs the case that failed;
 *   `FC_REPLAY=…` is the replayPath, where one was printed
 * - `FC_RUNS=5000 npm run jest -- …` looks longer: so many runs of each property, however long they take
 * - `FC_VERBOSE=1` tells how often the runs have come across what
 */
const env = (name: string): string | undefined => process.env[name] || undefined;

const seed = env('FC_SEED');
const path = env('FC_PATH');
const runs = env('FC_RUNS');

/** A run that hangs is a counterexample like any other. */
const LONGEST_RUN_MS = 30_000;

/** For `fc.commands`: which of the commands of a case were run. */
export const replay: fc.CommandsContraints = replayOf(env('FC_REPLAY'));

/** How much is looked at when nobody says anything else. */
export interface Bounds {
  readonly runs: number;
  /** No run is started after it, so that a slow machine looks at less instead of failing. */
  readonly withinMs: number;
}

/** For `it`: a property ends by itself, and what it has found must not be lost to the time limit of a test. */
export const longEnough = ({ withinMs }: Bounds): number => (bounded ? withinMs + 60_000 : 24 * 3_600_000);

/** Whether it is run as always: whoever replays a case or looks longer is not kept to a time. */
const bounded = seed === undefined && runs === undefined;

/**
 * Checks that `holds` resolves for whatever `any` makes.
 *
 * @returns what the runs have come across, as told by `holds`
 * @throws Error with the smallest counterexample found, its seed and its path
 */
export async function check<T>(
  any: fc.Arbitrary<T>,
  holds: (made: T, see: Coverage['see']) => Promise<void>,
  bounds: Bounds,
): Promise<Coverage> {
  const coverage = new Coverage();
  const end = bounded ? Date.now() + bounds.withinMs : Infinity;
  // Not by fast-check's own limit: it abandons a run that is under way, and the next test meets what that one still does.
  const property = fc.asyncProperty(any, async (made) => {
    if (Date.now() >= end) return;
    coverage.runs += 1;
    await holds(made, coverage.see);
  });
  const details = await fc.check(property, {
    numRuns: runs === undefined ? bounds.runs : Number(runs),
    timeout: LONGEST_RUN_MS,
    ...(seed === undefined ? {} : { seed: Number(seed) }),
    ...(path === undefined ? {} : { path }),
  });
  if (details.failed) throw new Error(await fc.asyncDefaultReportMessage(details), { cause: details.errorInstance });
  coverage.whole = coverage.runs >= bounds.runs;
  return coverage;
}

function replayOf(replayPath: string | undefined): fc.CommandsContraints {
  return replayPath === undefined ? {} : { replayPath };
}
