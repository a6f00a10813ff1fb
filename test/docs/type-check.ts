import { join } from 'node:path';
import ts from 'typescript';
import { moduleName, readersOwn, ROOT, type Block } from './blocks.js';

/** The compiler's settings of the repository. */
function settings(): ts.CompilerOptions {
  const file = join(ROOT, 'tsconfig.json');
  const read = ts.readConfigFile(file, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(read.config, { ...ts.sys, readDirectory: () => [] }, ROOT);
  // A block without import or export is a module of its own all the same, not a part of the next one.
  return {
    ...options,
    noEmit: true,
    declaration: false,
    declarationMap: false,
    moduleDetection: ts.ModuleDetectionKind.Force,
  };
}

/** Compiles files that exist and files that are given as text. */
export function programOf(files: readonly string[], texts: ReadonlyMap<string, string> = new Map()): ts.Program {
  const options = settings();
  const host = ts.createCompilerHost(options);
  const disk = ts.createCompilerHost(options);
  host.fileExists = (file) => texts.has(file) || disk.fileExists(file);
  host.readFile = (file) => texts.get(file) ?? disk.readFile(file);
  host.directoryExists = (folder) =>
    [...texts.keys()].some((file) => file.startsWith(`${folder}/`)) || (disk.directoryExists?.(folder) ?? true);
  host.getSourceFile = (file, language, ...more) => {
    const text = texts.get(file);
    return text === undefined
      ? disk.getSourceFile(file, language, ...more)
      : ts.createSourceFile(file, text, language, true);
  };
  return ts.createProgram([...files, ...texts.keys()], options, host);
}

/**
 * Type-checks blocks as strictly as the sources and against them. Blocks of one document see each other.
 *
 * @returns one line per error: `docs/guide.md:12: …`
 */
export function typeErrors(blocks: readonly Block[]): string[] {
  const places = new Map(blocks.map((block) => [join(virtualFolder(block.document), moduleName(block)), block]));
  if (places.size !== blocks.length) return ['two blocks of one document have the same name'];
  const texts = new Map([...places].map(([file, { text }]) => [file, text]));
  for (const document of new Set(blocks.map((block) => block.document))) {
    for (const [name, text] of readersOwn(document)) texts.set(join(virtualFolder(document), name), text);
  }
  const program = programOf([], texts);
  return ts.getPreEmitDiagnostics(program).map((diagnostic) => {
    const message = ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n');
    const block = places.get(diagnostic.file?.fileName ?? '');
    const { line } = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start ?? 0) ?? { line: 0 };
    return block ? `${block.document}:${block.line + line}: ${message}` : `${diagnostic.file?.fileName}: ${message}`;
  });
}

const virtualFolder = (document: string): string =>
  join(ROOT, 'test', 'docs', '.blocks-virtual', document.replaceAll('/', '-').replace(/\.md$/, ''));
