import { isKeptExactly, showable } from './text.js';

describe('a text that is shown', () => {
  it.each([
    ['short', 10, 'short'],
    ['a\u0000b', 10, 'a␀b'],
    ['half \ud83d', 10, 'half \ufffd'],
    ['exactly 10', 10, 'exactly 10'],
    ['eleven char', 10, 'eleven …'],
    ['€€€€', 12, '€€€€'],
    ['€€€€€', 12, '€€€…'],
    ['€€€€€', 14, '€€€…'],
    ['😀😀😀', 10, '😀…'],
    ['😀'.repeat(1_000), 10, '😀…'],
    ['\u0000\u0000', 3, '…'],
  ])('%j in %i bytes is %j', (text, bytes, expected) => {
    expect(showable(text, bytes)).toBe(expected);
  });

  it('never exceeds its bytes nor ends within a character, wherever the cut falls', () => {
    const text = 'aé€😀'.repeat(50);
    for (let bytes = 3; bytes < 600; bytes++) {
      const shown = showable(text, bytes);
      expect(Buffer.byteLength(shown)).toBeLessThanOrEqual(bytes);
      expect(shown.includes('\ufffd')).toBe(false);
    }
  });
});

describe('what a text column keeps exactly', () => {
  it.each([
    ['ü€😀 \\u0000', true],
    ['a\u0000b', false],
    ['\ud83d', false],
    ['\ude00\ud83d', false],
  ])('%j: %s', (text, expected) => {
    expect(isKeptExactly(text)).toBe(expected);
  });
});
