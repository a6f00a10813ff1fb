import { parseOptions } from './options.js';

describe('options of the soak', () => {
  it('are what was said, and a seed of its own where none was', () => {
    const given = ['--minutes', '20', '--seed', '7', '--clients', '4', '--json', 'report.json'];
    expect(parseOptions(given)).toEqual({ minutes: 20, seed: 7, clients: 4, json: 'report.json' });
    const { minutes, seed, json } = parseOptions([]);
    expect({ minutes, json }).toEqual({ minutes: 1, json: undefined });
    expect(Number.isSafeInteger(seed)).toBe(true);
  });

  it.each(['--minutes long', '--minutes 0', '--seed x', '--clients 0', '--unknown 1', '20'])('refuse %s', (text) => {
    expect(() => parseOptions(text.split(' '))).toThrow(/minutes|seed|clients|unknown|20/i);
  });
});
