import { Alarms } from './alarms.js';
import { monotonicNow } from './monotonic-clock.js';

const alarms = new Alarms();
const rung = (ms: number): Promise<number> => {
  const from = monotonicNow();
  return new Promise((resolve) => alarms.set(ms, () => resolve(monotonicNow() - from)));
};
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('an alarm', () => {
  it('rings, and not sooner, in whatever order they are set', async () => {
    const order: number[] = [];
    await Promise.all(
      [80, 20, 140, 50].map(async (ms) => {
        expect(await rung(ms)).toBeGreaterThanOrEqual(ms);
        order.push(ms);
      }),
    );
    expect(order).toEqual([20, 50, 80, 140]);
  });

  it('that is taken back never rings, and the others do', async () => {
    const rang: string[] = [];
    const takeBack = ['first', 'second', 'third'].map((name) => alarms.set(20, () => rang.push(name)));
    takeBack[0]!();
    takeBack[0]!();
    await rung(60);
    expect(rang.toSorted()).toEqual(['second', 'third']);
    takeBack[1]!();
  });

  it('is kept when the soonest, for which the timer was set, is taken back', async () => {
    const takeBack = alarms.set(10, () => undefined);
    const later = rung(60);
    takeBack();
    expect(await later).toBeGreaterThanOrEqual(60);
  });

  it('takes another one back when it rings, in whatever order they were set and taken back', async () => {
    const rang: number[] = [];
    const takeBack: (() => void)[] = [];
    for (let index = 0; index < 10; index++) {
      takeBack[index] = alarms.set(20, () => {
        rang.push(index);
        takeBack[9 - index]!();
      });
    }
    for (const index of [0, 9, 4, 4, 0]) takeBack[index]!();
    await rung(60);
    // of each pair that is left one, and the partner of one that was taken back
    expect(rang).toHaveLength(4);
    expect(rang).toContain(5);
    expect(new Set(rang.map((index) => Math.min(index, 9 - index)))).toEqual(new Set([1, 2, 3, 4]));
  });

  it('rings once', async () => {
    let rang = 0;
    alarms.set(10, () => (rang += 1));
    await rung(30);
    await pause(50);
    expect(rang).toBe(1);
  });

  it('can be set by one that rings, and behind a time when none was', async () => {
    let second: Promise<number> | undefined;
    await new Promise<void>((resolve) => {
      alarms.set(10, () => {
        second = rung(20);
        resolve();
      });
    });
    expect(await second).toBeGreaterThanOrEqual(20);
    await pause(30);
    expect(await rung(10)).toBeGreaterThanOrEqual(10);
  });

  it('further off than a timer reaches does not ring at once', async () => {
    let rang = false;
    const takeBack = alarms.set(2 ** 33, () => (rang = true));
    await rung(20);
    expect(rang).toBe(false);
    takeBack();
  });
});
