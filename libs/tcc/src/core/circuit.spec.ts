import { Circuit, type Passage } from './circuit.js';
import { monotonicNow } from './monotonic-clock.js';

const through = (entered: Passage | number): Passage => {
  if (typeof entered === 'number') throw new Error(`it is open for ${entered} ms`);
  return entered;
};

describe('circuit', () => {
  const start = monotonicNow();
  const failing = (circuit: Circuit, times: number, at = monotonicNow()): void => {
    for (let index = 0; index < times; index++) through(circuit.enter(at)).failed();
  };

  it('opens after five failures in a row, however many calls went well before', () => {
    const circuit = new Circuit(() => 0);
    for (let index = 0; index < 1_000; index++) through(circuit.enter()).answered();
    failing(circuit, 5);
    expect(circuit.enter()).toBeGreaterThan(4_000);
    expect(circuit.enter()).toBeLessThanOrEqual(5_000);
  });

  it('stays closed while there are answers in between', () => {
    const circuit = new Circuit(() => 0);
    for (let index = 0; index < 100; index++) {
      failing(circuit, 4);
      through(circuit.enter()).answered();
    }
    expect(typeof circuit.enter()).toBe('object');
  });

  it('does not take for its own the failure of a call that began before its last answer', () => {
    const circuit = new Circuit(() => 0);
    const old = Array.from({ length: 100 }, () => through(circuit.enter(start)));
    through(circuit.enter()).answered();
    for (const passage of old) passage.failed();
    expect(typeof circuit.enter()).toBe('object');
  });

  it('lets one call through every five seconds, though the one before still hangs', () => {
    const circuit = new Circuit(() => 0);
    failing(circuit, 5);
    const open = monotonicNow();
    expect(typeof circuit.enter(open + 5_000)).toBe('object');
    expect(circuit.enter(open + 5_001)).toBeGreaterThan(4_000);
    expect(typeof circuit.enter(open + 10_001)).toBe('object');
  });

  it('closes with the first answer, and needs five failures again', () => {
    const circuit = new Circuit(() => 0);
    failing(circuit, 5);
    through(circuit.enter(monotonicNow() + 6_000)).answered();
    failing(circuit, 4, monotonicNow() + 1);
    expect(typeof circuit.enter()).toBe('object');
  });

  it('spreads those that wait, the longer it is away the further, within half a minute', () => {
    const circuit = new Circuit(() => 1);
    failing(circuit, 5);
    const open = monotonicNow();
    const pauses = [0, 20_000, 10 * 60_000].map((awayMs) => {
      through(circuit.enter(open + awayMs + 5_000));
      return circuit.enter(open + awayMs + 5_000);
    });
    expect(pauses[0]).toBeLessThanOrEqual(5_000 + 2_600);
    expect(pauses[1]).toBeGreaterThan(15_000);
    expect(pauses[2]).toBe(35_000);
  });
});
