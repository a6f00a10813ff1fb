import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './blocks.js';
import { errorClassesOf, libraryOf, type ErrorClass } from './exports.js';

/** The sections of docs/errors.md, as the page writes them. */
function documented(): (ErrorClass & { text: string })[] {
  const page = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8');
  return page
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const [heading = '', , about = '', , ...rest] = section.split('\n');
      const quoted = (text: string): string[] => [...text.matchAll(/`([^`]+)`/g)].map(([, inner]) => inner!);
      const [name = '', ...fields] = quoted(about);
      return {
        code: quoted(heading)[0] ?? heading,
        name,
        httpStatus: Number(/HTTP (\d+)/.exec(about)?.[1]),
        fields,
        text: rest.join('\n').split(/^## /m)[0]!.trim(),
      };
    });
}

describe('docs/errors.md', () => {
  const byCode = (a: ErrorClass, b: ErrorClass): number => a.code.localeCompare(b.code);
  const exported = errorClassesOf(libraryOf('tcc')).toSorted(byCode);

  it('reads the classes', () => {
    expect(exported.length).toBeGreaterThan(25);
    expect(exported).toContainEqual({
      name: 'InDoubtError',
      code: 'TCC_IN_DOUBT',
      httpStatus: 503,
      fields: ['transaction'],
    });
  });

  it('has each exported error with its class, status and fields, and no other', () => {
    expect(
      documented()
        .map(({ text: _, ...error }) => error)
        .toSorted(byCode),
    ).toEqual(exported);
  });

  it('says of each when it comes and what to do', () => {
    expect(documented().filter(({ text }) => text.length < 40)).toEqual([]);
  });
});
