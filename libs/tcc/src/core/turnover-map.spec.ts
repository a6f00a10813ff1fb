import { TurnoverMap } from './turnover-map.js';

describe('TurnoverMap', () => {
  it('holds what a Map holds, through any number of changes, in the same order', () => {
    const turnover = new TurnoverMap<string, number>();
    const map = new Map<string, number>();
    // multiplied by a number without a common divisor, so that keys come, are replaced and go in no simple order
    for (let step = 0; step < 5_000; step++) {
      const key = `key ${(step * 7_919) % 997}`;
      if (step % 3 === 2) {
        turnover.delete(key);
        map.delete(key);
      } else {
        turnover.set(key, step);
        map.set(key, step);
      }
      if (step % 250 > 0) continue;
      expect([...turnover]).toEqual([...map]);
      expect([...turnover.keys()]).toEqual([...map.keys()]);
      expect([...turnover.values()]).toEqual([...map.values()]);
      expect(turnover.size).toBe(map.size);
      expect(turnover.get(key)).toBe(map.get(key));
      expect(turnover.has(key)).toBe(map.has(key));
    }
    turnover.clear();
    expect([...turnover]).toEqual([]);
  });

  it('may lose entries while it is iterated', () => {
    const turnover = new TurnoverMap<number, string>();
    for (let key = 0; key < 200; key++) turnover.set(key, 'there');
    for (const [key] of turnover) if (key % 2 === 0) turnover.delete(key);
    expect(turnover.size).toBe(100);
  });
});
