import { explore } from './explore.js';
import type { Footprint, Violation, World } from './world.js';

/** Reads a variable into a register, or writes the register plus one to it. */
type Step = readonly ['read' | 'write', string];
type Program = readonly Step[];

/** Processes that run such programs over shared variables. */
class Toy implements World {
  readonly violations: Violation[] = [];
  private readonly variables = new Map<string, number>();
  private readonly registers: number[];
  private readonly next: number[];

  constructor(
    private readonly programs: readonly Program[],
    private readonly ends: (end: string, violations: Violation[]) => void = () => undefined,
  ) {
    this.registers = programs.map(() => 0);
    this.next = programs.map(() => 0);
  }

  enabled(): readonly string[] {
    return this.programs.flatMap((program, index) => (this.next[index]! < program.length ? [String(index)] : []));
  }

  perform(label: string): Promise<Footprint> {
    const index = Number(label);
    const [verb, variable] = this.programs[index]![this.next[index]!]!;
    this.next[index]!++;
    const value = this.variables.get(variable) ?? 0;
    if (verb === 'read') this.registers[index] = value;
    else this.variables.set(variable, this.registers[index]! + 1);
    const touched = new Set([variable]);
    return Promise.resolve({
      reads: verb === 'read' ? touched : new Set(),
      writes: new Set([`process ${index}`, ...(verb === 'write' ? touched : [])]),
    });
  }

  digest(): string {
    return JSON.stringify([[...this.variables].sort(([a], [b]) => (a < b ? -1 : 1)), this.registers, this.next]);
  }

  get isEnd(): boolean {
    return this.enabled().length === 0;
  }

  finish(): Promise<void> {
    this.ends(this.digest(), this.violations);
    return Promise.resolve();
  }
}

/** Every end there is, by trying every order. */
async function endsByForce(programs: readonly Program[], path: readonly string[] = []): Promise<Set<string>> {
  const toy = new Toy(programs);
  for (const label of path) await toy.perform(label);
  if (toy.isEnd) return new Set([toy.digest()]);
  const ends = new Set<string>();
  for (const label of toy.enabled()) for (const end of await endsByForce(programs, [...path, label])) ends.add(end);
  return ends;
}

const STEPS: readonly Step[] = [
  ['read', 'a'],
  ['write', 'a'],
  ['write', 'b'],
];
const PAIRS: readonly Program[] = STEPS.flatMap((first) => STEPS.map((second) => [first, second]));

describe('explore', () => {
  it('comes to the same ends as trying every order of events', async () => {
    for (const [index, first] of PAIRS.entries()) {
      for (const second of PAIRS.slice(index)) {
        const programs = [first, second, [...first, ...second].slice(1, 3)];
        const ends = new Set<string>();
        const { complete, runs } = await explore(() => Promise.resolve(new Toy(programs, (end) => ends.add(end))));

        expect(complete).toBe(true);
        expect([...ends].sort()).toEqual([...(await endsByForce(programs))].sort());
        // six events in all: 90 orders
        expect(runs).toBeLessThan(90);
      }
    }
  });

  it('takes one order of events that have nothing to do with each other', async () => {
    const programs: Program[] = ['a', 'b', 'c'].map((name) => [
      ['read', name],
      ['write', name],
    ]);
    const { states, transitions, ends } = await explore(() => Promise.resolve(new Toy(programs)));
    expect(ends).toBe(1);
    // all orders together have 54
    expect(transitions).toBe(states - 1);
  });

  it('tells how it came to a violation', async () => {
    const increment: Program = [
      ['read', 'a'],
      ['write', 'a'],
    ];
    const blame = (end: string, violations: Violation[]): void => {
      if (!end.startsWith('[[["a",2]]')) violations.push({ invariant: 'no update is lost', what: end });
    };
    const { found } = await explore(() => Promise.resolve(new Toy([increment, increment], blame)));
    expect(found).toMatchObject({ invariant: 'no update is lost', atEnd: true });
    const replayed = new Toy([increment, increment]);
    for (const label of found!.trace) await replayed.perform(label);
    expect(replayed.digest()).toBe(found!.what);
  });
});
