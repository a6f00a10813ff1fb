import { BatchSize } from './batch-size.js';

describe('BatchSize', () => {
  const after = (...events: (number | 'failed')[]): number => {
    const batch = new BatchSize();
    for (const event of events) {
      if (event === 'failed') batch.failed();
      else batch.took(event);
    }
    return batch.value;
  };

  it('begins with a thousand and takes no more', () => {
    expect(after()).toBe(1_000);
    expect(after(1, 1)).toBe(1_000);
  });

  it('takes less when one takes more than a tenth of a second, but never hardly anything', () => {
    expect(after(101)).toBe(500);
    expect(after(101, 101, 101)).toBe(125);
    expect(after(...Array<number>(20).fill(101))).toBe(100);
  });

  it('takes more again only when there is room for twice as much', () => {
    expect(after(101, 90, 30)).toBe(500);
    expect(after(101, 101, 20)).toBe(500);
  });

  it('goes down to ten when they fail, and recovers from there', () => {
    expect(after(...Array<'failed'>(20).fill('failed'))).toBe(10);
    expect(after(...Array<'failed'>(20).fill('failed'), 101)).toBe(10);
    expect(after(...Array<'failed'>(20).fill('failed'), ...Array<number>(7).fill(5))).toBe(1_000);
  });
});
