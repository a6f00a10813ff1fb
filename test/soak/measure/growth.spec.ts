import { connectionGrowth, connectionsFit, heapGrowth, heapIsFlat } from './growth.js';
import { trendOf } from './trend.js';
import type { Sample } from './watch.js';

const KIB = 1024;
const MINUTE_MS = 60_000;

/** A heap that grows so much a minute, and jumps up and down by so much. */
const samples = (minutes: number, kibPerMinute: number, noiseKib: number, codeKib = 0): Sample[] =>
  Array.from({ length: minutes * 12 }, (_, index) => ({
    atMs: (index + 1) * 5_000,
    measure: {
      heapBytes:
        index * codeKib * KIB +
        20_000 * KIB +
        (((index + 1) * 5_000) / MINUTE_MS) * kibPerMinute * KIB +
        (index % 2) * noiseKib * KIB,
      codeBytes: index * codeKib * KIB,
      externalBytes: 0,
      rssBytes: 0,
      answered: (index + 1) * 50,
      resources: 20,
      loop: { p50: 10, p99: 12, max: 20 },
    },
  }));

describe('a trend', () => {
  it('is the slope of a line, without uncertainty where all points are on it', () => {
    const trend = trendOf([0, 1, 2, 3].map((x) => [x, 5 + 2 * x]));
    expect(trend.slope).toBeCloseTo(2);
    expect(trend.uncertainty).toBeCloseTo(0);
  });

  it('has the interval of a textbook', () => {
    // slope 0.6, residual sum of squares 2.4, standard error sqrt(2.4 / 3 / 10), t(3) = 3.18
    const trend = trendOf([
      [1, 2],
      [2, 4],
      [3, 5],
      [4, 4],
      [5, 5],
    ]);
    expect(trend.slope).toBeCloseTo(0.6);
    expect(trend.uncertainty).toBeCloseTo(3.18 * Math.sqrt(2.4 / 3 / 10), 2);
  });

  it('is unknown with too few points, or with all at one time', () => {
    expect(
      trendOf([
        [1, 2],
        [2, 3],
      ]).uncertainty,
    ).toBe(Infinity);
    expect(
      trendOf([
        [1, 2],
        [1, 3],
        [1, 4],
      ]).uncertainty,
    ).toBe(Infinity);
  });
});

describe('growth', () => {
  it('of a heap that leaks is seen, through noise', () => {
    const growth = heapGrowth(samples(10, 400, 500));
    expect(growth!.kibPerMinute.slope).toBeCloseTo(400, -2);
    expect(heapIsFlat(growth).breaches).toHaveLength(1);
  });

  it('of one that does not leak is none, whatever its noise', () => {
    const verdict = heapIsFlat(heapGrowth(samples(10, 0, 3_000)));
    expect(verdict).toMatchObject({ checked: 1, breaches: [] });
  });

  it('of compiled code is none', () => {
    expect(heapIsFlat(heapGrowth(samples(10, 0, 0, 100))).breaches).toEqual([]);
  });

  it('is not judged by a run that is too short', () => {
    expect(heapIsFlat(heapGrowth(samples(2, 5_000, 0))).checked).toBe(0);
    expect(heapIsFlat(heapGrowth([])).checked).toBe(0);
  });

  it('of connections is counted for one instance, without the moments in which a server was away', () => {
    const look = (atMs: number, backends: Record<string, number>, complete = true) => ({
      atMs,
      complete,
      backends,
      idleInTransaction: {},
    });
    const growth = connectionGrowth(
      [
        look(0, { 'a/north': 1, 'b/north': 9 }),
        look(MINUTE_MS, { 'a/north': 2, 'a/ledger': 1 }),
        look(1.5 * MINUTE_MS, { 'a/north': 1 }, false),
        look(2 * MINUTE_MS, { 'a/north': 4, 'a/ledger': 1 }),
      ],
      'a',
    );
    expect(growth).toMatchObject({ slope: 2, most: 5, points: 3 });
  });

  it.each([
    ['more backends than its pool', { 'a/north': 7 }, {}],
    ['more backends than the ledger’s pools', { 'a/ledger': 6 }, {}],
    ['a backend that waits in a transaction', { 'a/north': 1 }, { 'a/north': 1 }],
  ])('leaves an application with %s', (_what, backends, idleInTransaction) => {
    expect(connectionsFit({ atMs: 0, complete: true, backends, idleInTransaction }).breaches).toHaveLength(1);
  });
});
