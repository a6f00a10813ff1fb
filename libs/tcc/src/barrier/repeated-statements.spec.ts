import { RepeatedStatements } from './repeated-statements.js';

const nameAfter = (times: number, text: string, generation = 0): string | undefined => {
  const statements = new RepeatedStatements();
  let name: string | undefined;
  for (let left = times; left > 0; left -= 1) name = statements.nameOf(text, generation);
  return name;
};

describe('RepeatedStatements', () => {
  it('prepares what is seen again and again', () => {
    expect(nameAfter(5, 'select $1')).toBeUndefined();
    expect(nameAfter(6, 'select $1')).toBeDefined();
  });

  it('names a statement by its text: in a session that a pooler shares, a name must mean the same to everybody', () => {
    expect(nameAfter(6, 'select $1')).toBe(nameAfter(7, 'select $1'));
    expect(nameAfter(6, 'select $1')).not.toBe(nameAfter(6, 'select $2'));
    expect(nameAfter(6, 'select $1', 1)).not.toBe(nameAfter(6, 'select $1', 0));
  });

  it('gives names that Postgres does not cut', () => {
    expect(nameAfter(6, 'x'.repeat(10_000), 1_000_000)!.length).toBeLessThan(63);
  });
});
