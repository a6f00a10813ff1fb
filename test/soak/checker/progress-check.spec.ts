import type { Event } from '../history.js';
import { progress } from './progress-check.js';

const succeededAt = (...times: number[]): Event[] => times.map((at) => ({ type: 'ok', at }) as Event);
const EXPECTED = { quiet: [[20, 30]] as const, longestGapMs: 50, startMs: 0, endMs: 100 };

describe('progress', () => {
  it('holds when something succeeded in each quiet time, and often enough in all', () => {
    expect(progress(succeededAt(10, 25, 60, 90), EXPECTED).breaches).toEqual([]);
  });

  it('is expected from the start of the load on, not before', () => {
    const later = { quiet: [], longestGapMs: 50, startMs: 1_000, endMs: 1_090 };
    expect(progress(succeededAt(1_045), later).breaches).toEqual([]);
    expect(progress(succeededAt(1_055), later).breaches).toHaveLength(1);
  });

  it.each<[string, Event[]]>([
    ['nothing succeeded', []],
    ['only refusals came', [{ type: 'fail', at: 25 } as Event, { type: 'fail', at: 70 } as Event]],
    ['nothing succeeded in a quiet time', succeededAt(10, 40, 80)],
    ['nothing succeeded for too long in between', succeededAt(25, 90)],
    ['nothing succeeded towards the end', succeededAt(10, 25, 40)],
    ['nothing succeeded at the beginning', succeededAt(51, 80)],
  ])('is missed when %s', (_what, events) => {
    expect(progress(events, EXPECTED).breaches).not.toEqual([]);
  });
});
