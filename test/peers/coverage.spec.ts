import { readFileSync } from 'node:fs';
import ts from 'typescript';
import type { Covered } from './coverage/covered.js';
import { COVERAGE } from './coverage/index.js';

/** Titles of the tests that a file runs; of `it.each` the title as it is written. */
function titlesIn(file: string): Set<string> {
  const source = ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest, true);
  const titles = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && /^it(\.each\b|$)/.test(node.expression.getText())) {
      const [title] = node.arguments;
      if (title && ts.isStringLiteralLike(title)) titles.add(title.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return titles;
}

const found = new Map<string, Set<string>>();
const isTest = (file: string, title: string): boolean => {
  if (!found.has(file)) found.set(file, titlesIn(file));
  return found.get(file)!.has(title);
};

describe('what peers’ users ran into, and what peers test', () => {
  it.each(COVERAGE)('$id $about: names tests that exist, or says what is missing for one', (covered: Covered) => {
    const missing = covered.tests.filter(([file, title]) => !isTest(file, title));
    expect(missing).toEqual([]);
    expect(covered.tests.length > 0 || covered.open !== undefined).toBe(true);
  });

  it('is all of it: the twenty, the second list, dtm’s assertions and the acceptance list', () => {
    const count = (list: string): number => COVERAGE.filter(({ id }) => id.startsWith(list)).length;
    expect([count('issue '), count('second '), count('dtm '), count('accept ')]).toEqual([20, 15, 21, 37]);
    expect(new Set(COVERAGE.map(({ id }) => id)).size).toBe(COVERAGE.length);
  });
});
