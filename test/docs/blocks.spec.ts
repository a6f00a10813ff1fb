import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { blocksIn, blocksOf, documents, ROOT } from './blocks.js';
import { typeErrors } from './type-check.js';

const blocks = documents().flatMap((document) => blocksOf(document));
const text = (document: string): string => readFileSync(join(ROOT, document), 'utf8');

describe('the documents', () => {
  it('are found, with their blocks', () => {
    expect(documents()).toEqual(expect.arrayContaining(['README.md', 'docs/guide.md', 'libs/tcc/README.md']));
    expect(blocks.filter(({ language }) => language === 'ts').length).toBeGreaterThan(10);
  });

  it('mark each block as ts, sql or sh, which is held to what it says, or as text', () => {
    const unmarked = blocks.filter(({ language }) => !['ts', 'sql', 'sh', 'text'].includes(language));
    expect(unmarked.map(({ document, line, language }) => `${document}:${line} ${language}`)).toEqual([]);
  });

  describe('compiled as strictly as the source', () => {
    const wrong = [
      '```ts',
      "import { Try, Tcc, nothing } from 'nestjs-tcc';",
      'export const first = (tcc: Tcc, list: string[]): string => list[0];',
      '```',
      '```ts',
      '// second.ts',
      "export { first } from './absent.js';",
      '```',
    ].join('\n');
    // together: a compiler takes seconds to start
    const code = [...blocks.filter(({ language }) => language === 'ts'), ...blocksIn(wrong, 'wrong.md')];
    const errors = typeErrors(code);

    it('hold no error', () => {
      expect(errors.filter((error) => !error.startsWith('wrong.md:'))).toEqual([]);
    });

    it('by a check that finds errors', () => {
      expect(errors.filter((error) => error.startsWith('wrong.md:'))).toEqual([
        expect.stringMatching(/^wrong\.md:2: .*'nothing'/),
        expect.stringMatching(/^wrong\.md:3: .*undefined/),
        expect.stringMatching(/^wrong\.md:7: .*absent/),
      ]);
    });
  });

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    const called = blocks
      .filter(({ language }) => language === 'sh')
      .flatMap((block) =>
        [...block.text.matchAll(/\bnpm (?:run ([\w:.-]+)|(test|start)\b)/g)].map(([, run, short]) => run ?? short!),
      );
    expect(called).toEqual(expect.arrayContaining(['demo', 'test']));
    expect(called.filter((script) => scripts[script] === undefined)).toEqual([]);
  });

  it.each(documents())('%s links to what exists', (document) => {
    const links = [...text(document).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^https?:/.test(target));
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? document : normalize(join(dirname(document), path));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(text(target)).has(anchor);
    });
    expect(broken).toEqual([]);
  });
});

/** As GitHub makes them of headings. */
function anchorsOf(markdown: string): Set<string> {
  const headings = [...markdown.matchAll(/^#{1,6} (.+)$/gm)].map(([, heading]) => heading!);
  return new Set(
    headings.map((heading) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  );
}
