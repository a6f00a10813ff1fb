import { mergeLines } from './merge-lines.js';

describe('lines of an order', () => {
  it('are one per sku, by sku', () => {
    const lines = [
      { sku: 'phone', quantity: 1 },
      { sku: 'book', quantity: 2 },
      { sku: 'phone', quantity: 3 },
    ];
    expect(mergeLines(lines)).toEqual([
      { sku: 'book', quantity: 2 },
      { sku: 'phone', quantity: 4 },
    ]);
  });

  it('keep names that objects have by themselves', () => {
    expect(mergeLines([{ sku: '__proto__', quantity: 1 }])).toEqual([{ sku: '__proto__', quantity: 1 }]);
  });
});
