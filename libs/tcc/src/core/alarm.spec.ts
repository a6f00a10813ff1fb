import { alarm } from './alarm.js';
import { monotonicNow } from './monotonic-clock.js';

const rung = (ms: number): Promise<number> => {
  const from = monotonicNow();
  return new Promise((resolve) => alarm(ms, () => resolve(monotonicNow() - from)));
};
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

describe('an alarm', () => {
  for (const ms of [20, 1_000, 1_130]) {
    it(`of ${ms} ms rings, and not sooner`, async () => {
      // timers count whole milliseconds
      expect(await rung(ms)).toBeGreaterThanOrEqual(ms - 1);
    });
  }

  for (const ms of [20, 1_000]) {
    it(`of ${ms} ms that is taken back never rings, and the others do`, async () => {
      let rang = 0;
      const takeBack = alarm(ms, () => (rang += 1));
      const other = rung(ms);
      takeBack();
      await Promise.all([other, pause(ms + 100)]);
      expect(rang).toBe(0);
    });
  }

  it('takes another one back when it rings, in whatever order they were set and taken back', async () => {
    const rang: number[] = [];
    const takeBack: (() => void)[] = [];
    for (let index = 0; index < 10; index++) {
      takeBack[index] = alarm(1_000, () => {
        rang.push(index);
        takeBack[9 - index]!();
      });
    }
    for (const index of [0, 9, 4, 4, 0]) takeBack[index]!();
    await rung(1_000);
    // of each pair that is left one, and the partner of one that was taken back
    expect(rang).toHaveLength(4);
    expect(rang).toContain(5);
    expect(new Set(rang.map((index) => Math.min(index, 9 - index)))).toEqual(new Set([1, 2, 3, 4]));
  });

  it('rings once', async () => {
    let rang = 0;
    alarm(1_000, () => (rang += 1));
    await pause(1_300);
    expect(rang).toBe(1);
  });

  it('can be set behind a time when none was', async () => {
    await rung(1_000);
    await pause(150);
    expect(await rung(1_000)).toBeGreaterThanOrEqual(999);
  });

  it('can set another one when it rings', async () => {
    let second: Promise<number> | undefined;
    await new Promise<void>((resolve) => {
      alarm(1_000, () => {
        second = rung(1_000);
        resolve();
      });
    });
    expect(await second).toBeGreaterThanOrEqual(999);
  });
});
