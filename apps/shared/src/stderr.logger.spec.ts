import { jest } from '@jest/globals';
import { StderrLogger } from './stderr.logger.js';

describe('the logger', () => {
  it('writes plain text where stderr is no terminal', () => {
    const wasTerminal = Object.getOwnPropertyDescriptor(process.stderr, 'isTTY');
    const lines: string[] = [];
    const write = jest.spyOn(process.stderr, 'write').mockImplementation((text) => lines.push(String(text)) > 0);
    try {
      Object.defineProperty(process.stderr, 'isTTY', { value: undefined, configurable: true }); // as Node has it
      new StderrLogger().error('the shop burns', 'Fire');
    } finally {
      Reflect.deleteProperty(process.stderr, 'isTTY');
      if (wasTerminal) Object.defineProperty(process.stderr, 'isTTY', wasTerminal);
      write.mockRestore();
    }
    expect(lines.join('')).toContain('the shop burns');
    expect(lines.join('')).not.toContain('\u001b');
  });
});
