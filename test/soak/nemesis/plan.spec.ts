import { planFaults, quietTimes } from './plan.js';

const MINUTES = 20;

describe('the plan of faults', () => {
  const plan = planFaults(7, MINUTES);
  const count = (kind: string): number => plan.filter((fault) => fault.kind === kind).length;

  it('is the same for the same seed, and another one for another', () => {
    expect(planFaults(7, MINUTES)).toEqual(plan);
    expect(planFaults(8, MINUTES)).not.toEqual(plan);
  });

  it('has more than 200 kills and 60 database restarts in 20 minutes, each kind of fault, and each way to stop a database', () => {
    expect(count('kill')).toBeGreaterThan(200);
    expect(count('database')).toBeGreaterThan(60);
    expect(new Set(plan.map(({ kind }) => kind)).size).toBe(13);
    const modes = plan.flatMap((fault) => (fault.kind === 'database' ? [fault.mode] : []));
    expect(new Set(modes)).toEqual(new Set(['fast', 'immediate', 'kill']));
  });

  it('is in order, begins nothing in quiet times or after the end, and lets faults overlap', () => {
    const times = plan.map(({ atMs }) => atMs);
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(Math.max(...times)).toBeLessThanOrEqual(MINUTES * 60_000);
    const quiet = quietTimes(MINUTES);
    expect(quiet).toHaveLength(2 * MINUTES);
    expect(plan.filter(({ atMs }) => quiet.some(([from, to]) => atMs > from && atMs < to))).toEqual([]);
    const overlaps = plan.filter((fault, index) => {
      const before = plan[index - 1];
      return before && 'forMs' in before && fault.atMs < before.atMs + before.forMs;
    });
    expect(overlaps.length).toBeGreaterThan(MINUTES);
  });

  it('has something of everything in the shortest run', () => {
    expect(new Set(planFaults(1, 0.1).map(({ kind }) => kind)).size).toBe(13);
  });
});
