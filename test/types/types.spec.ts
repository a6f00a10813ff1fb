import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';

const root = process.cwd();

/** `npm run typecheck` compiles the same files with TypeScript 7. */
describe('the public types under TypeScript 6', () => {
  let out: string;
  let compiled: { status: number | null; stdout: string };

  beforeAll(() => {
    out = mkdtempSync(join(tmpdir(), 'tcc-types-'));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const args = ['-p', join(root, 'test/types/tsconfig.json'), '--emitDeclarationOnly', '--outDir', out];
    compiled = spawnSync(process.execPath, [tsc, ...args], { encoding: 'utf8', cwd: root });
  });
  afterAll(() => rmSync(out, { recursive: true, force: true }));

  /** Every declaration file of the library, with its comments taken out. */
  const declarations = (): { file: string; text: string }[] => {
    const folder = join(out, 'libs/tcc/src');
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.d.ts'))
      .map((file) => ({
        file: relative(out, join(folder, file)),
        text: readFileSync(join(folder, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, ''),
      }));
  };

  it('accept what is right and refuse what each @ts-expect-error expects', () => {
    expect(compiled).toMatchObject({ status: 0, stdout: '' });
  });

  it('let no `any` out: it would switch the compiler off in the code of whoever calls', () => {
    const leaks = declarations().flatMap(({ file, text }) =>
      text
        .split('\n')
        .filter((line) => /\bany\b/.test(line))
        .map((line) => `${file}: ${line.trim()}`),
    );
    expect(declarations().length).toBeGreaterThan(50);
    expect(leaks).toEqual([]);
  });
});
