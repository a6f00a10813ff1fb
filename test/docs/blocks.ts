import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';

/** The repository. */
export const ROOT = resolve(process.cwd());

/** A fenced block of a document. */
export interface Block {
  /** Path of the document, from the repository's root. */
  readonly document: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  /** What stands behind the fence; empty when nothing does. */
  readonly language: string;
  /** From its first line, `// name.ts`: the module that it is. Others of the document may import it. */
  readonly name: string | undefined;
  readonly text: string;
}

/** Every document whose blocks are held to what they say. */
export function documents(): string[] {
  const markdown = (folder: string, deep: boolean): string[] =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: deep })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)));
  const libs = readdirSync(join(ROOT, 'libs')).flatMap((lib) => markdown(`libs/${lib}`, false));
  return [...markdown('.', false), ...markdown('docs', true), ...libs].toSorted();
}

/** The blocks of a document, in their order. */
export function blocksOf(document: string, language?: string): Block[] {
  return blocksIn(readFileSync(join(ROOT, document), 'utf8'), document).filter(
    (block) => language === undefined || block.language === language,
  );
}

/** The same for a text. */
export function blocksIn(text: string, document: string): Block[] {
  const blocks: Block[] = [];
  let open: { fence: string; indent: string; language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const [, indent = '', fence = '', info = ''] = /^(\s*)(`{3,})(.*)$/.exec(line) ?? [];
    if (open === undefined) {
      if (fence !== '') open = { fence, indent, language: info.trim(), line: index + 2, lines: [] };
    } else if (fence.length >= open.fence.length && info.trim() === '') {
      const code = open.lines.join('\n');
      const name = /^\/\/ ([\w.-]+\.ts)$/.exec(open.lines[0] ?? '')?.[1];
      blocks.push({ document, line: open.line, language: open.language, name, text: code });
      open = undefined;
    } else open.lines.push(line.startsWith(open.indent) ? line.slice(open.indent.length) : line);
  }
  if (open !== undefined) throw new Error(`${document}:${open.line}: a block is never closed`);
  return blocks;
}

/** The file name of a block's module: its own, or one made of its line. */
export const moduleName = (block: Block): string => block.name ?? `line-${block.line}.ts`;

/** What a document takes for granted that its reader has, by document and name. */
const READERS_OWN: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'libs/tcc-testing/README.md': { 'shop.module.ts': 'export class ShopModule {}\n' },
};

/** Modules beside the blocks of a document: name and text. */
export const readersOwn = (document: string): [string, string][] => Object.entries(READERS_OWN[document] ?? {});

/** Modules of one document on disk. */
export interface WrittenModules {
  /** Runs a module and gives its exports. */
  load<T>(name: string): Promise<T>;
  remove(): void;
}

/** Writes the `ts` blocks of a document beside each other, inside the repository so that they find its packages. */
export function writeModules(document: string): WrittenModules {
  const folder = mkdtempSync(join(ROOT, 'test', 'docs', '.blocks-'));
  for (const block of blocksOf(document, 'ts')) writeFileSync(join(folder, moduleName(block)), block.text);
  for (const [name, text] of readersOwn(document)) writeFileSync(join(folder, name), text);
  return {
    load: async <T>(name: string) => (await import(join(folder, name))) as T,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
