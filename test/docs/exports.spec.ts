import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { resolveSettings } from '../../libs/tcc/src/tcc.settings.js';
import { ROOT } from './blocks.js';
import { errorClassesOf, librariesOf, type ErrorClass } from './exports.js';

const libraries = librariesOf('tcc', 'tcc-testing');

describe.each(['tcc', 'tcc-testing'] as const)('every export of libs/%s', (lib) => {
  const { checker, exports } = libraries[lib];

  it('is seen', () => {
    expect(exports.length).toBeGreaterThan(10);
  });

  it('has a docstring', () => {
    expect(exports.filter(({ documentation }) => documentation === '').map(({ name }) => name)).toEqual([]);
  });

  it('that is a class has one for each public method that does more than its interface says', () => {
    const missing = exports.flatMap(({ name, symbol }) => {
      const declaration = symbol.valueDeclaration;
      if (declaration === undefined || !ts.isClassDeclaration(declaration)) return [];
      // what implements a port is documented there
      if (declaration.heritageClauses?.some(({ token }) => token === ts.SyntaxKind.ImplementsKeyword)) return [];
      return declaration.members
        .filter(ts.isMethodDeclaration)
        .filter(
          (method) => (ts.getCombinedModifierFlags(method) & ts.ModifierFlags.NonPublicAccessibilityModifier) === 0,
        )
        .map((method) => checker.getSymbolAtLocation(method.name)!)
        .filter((method) => !hasComment(method, checker))
        .map((method) => `${name}.${method.name}`);
    });
    expect(missing).toEqual([]);
  });
});

const hasComment = (symbol: ts.Symbol, checker: ts.TypeChecker): boolean =>
  symbol.getDocumentationComment(checker).length > 0 || symbol.getJsDocTags(checker).length > 0;

/** The sections of docs/errors.md, as the page writes them. */
function documentedErrors(): (ErrorClass & { text: string })[] {
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
  const exported = errorClassesOf(libraries.tcc).toSorted(byCode);

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
    const facts = documentedErrors().map(({ code, name, httpStatus, fields }) => ({ code, name, httpStatus, fields }));
    expect(facts.toSorted(byCode)).toEqual(exported);
  });

  it('says of each when it comes and what to do', () => {
    expect(documentedErrors().filter(({ text }) => text.length < 40)).toEqual([]);
  });
});

/** The table of settings of the README: default by option. */
function documentedSettings(): Map<string, string> {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const [, section = ''] = /^## Settings\n(.*?)^## /ms.exec(readme) ?? [];
  const rows = [...section.matchAll(/^\| `([\w.]+)` *\| (.*?) *\|/gm)];
  return new Map(rows.map(([, option, fallback]) => [option!, fallback!]));
}

describe('the settings in the README', () => {
  it('are those of TccModule.forRoot(), each', () => {
    const { checker, exports } = libraries.tcc;
    const optionsOf = (name: string): string[] =>
      checker
        .getDeclaredTypeOfSymbol(exports.find((exported) => exported.name === name)!.symbol)
        .getProperties()
        .map((property) => property.name);
    const nested = [
      ...optionsOf('RecoveryOptions').map((option) => `recovery.${option}`),
      ...optionsOf('RemoteOptions').map((option) => `remote.${option}`),
      'retry.initial',
      'retry.cap',
    ];
    const all = [...optionsOf('TccModuleOptions').filter((option) => option !== 'retry'), ...nested];
    expect([...documentedSettings().keys()].toSorted()).toEqual(all.toSorted());
  });

  it('have the defaults that the code has', () => {
    const given: Record<string, unknown> = { retry: {}, recovery: {}, remote: {} };
    for (const [option, fallback] of documentedSettings()) {
      const value = /^`(.+)`$/.exec(fallback)?.[1];
      if (value === undefined || option === 'codec') continue;
      const parsed: unknown = /^'.*'$/.test(value) ? value.slice(1, -1) : (JSON.parse(value) as unknown);
      const [outer, inner] = option.split('.');
      if (inner === undefined) given[option] = parsed;
      else (given[outer!] as Record<string, unknown>)[inner] = parsed;
    }
    const plain = (options: object) => {
      const { owner: _, ...settings } = resolveSettings({ service: 'shop', ...options });
      return settings;
    };
    expect(Object.keys(given)).toEqual(expect.arrayContaining(['timeout', 'lease', 'maxPayloadBytes']));
    expect(plain(given)).toEqual(plain({}));
  });
});
