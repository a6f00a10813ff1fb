import { join } from 'node:path';
import ts from 'typescript';
import { ROOT } from './blocks.js';
import { programOf } from './type-check.js';

/** One thing that a library exports. */
export interface Export {
  readonly name: string;
  readonly symbol: ts.Symbol;
  /** What its docstring says; empty without one. */
  readonly documentation: string;
}

/** A library as the compiler sees it from its entry. */
export interface Library {
  readonly checker: ts.TypeChecker;
  readonly exports: readonly Export[];
}

const entryOf = (lib: string): string => join(ROOT, 'libs', lib, 'src', 'index.ts');

/** @param libs folders below `libs`, compiled together: it takes seconds */
export function librariesOf<Lib extends string>(...libs: readonly Lib[]): Record<Lib, Library> {
  const program = programOf(libs.map(entryOf));
  return Object.fromEntries(libs.map((lib) => [lib, libraryOf(program, lib)])) as Record<Lib, Library>;
}

function libraryOf(program: ts.Program, lib: string): Library {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(entryOf(lib));
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`${entryOf(lib)} is no module`);
  const exports = checker.getExportsOfModule(module).map((exported) => {
    const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
    const documentation = ts.displayPartsToString(symbol.getDocumentationComment(checker));
    return { name: exported.name, symbol, documentation };
  });
  return { checker, exports };
}

/** An error class as its source says. */
export interface ErrorClass {
  readonly name: string;
  readonly code: string;
  readonly httpStatus: number;
  /** Public fields besides those of every TccError. */
  readonly fields: readonly string[];
}

/** The concrete errors that a library exports. */
export function errorClassesOf({ checker, exports }: Library): ErrorClass[] {
  const base = exports.find(({ name }) => name === 'TccError');
  if (base === undefined) throw new Error('there is no TccError');
  const common = new Set(
    checker
      .getDeclaredTypeOfSymbol(base.symbol)
      .getProperties()
      .map(({ name }) => name),
  );
  return exports.flatMap(({ name, symbol }) => {
    const declaration = symbol.valueDeclaration;
    if (declaration === undefined || !ts.isClassDeclaration(declaration) || symbol === base.symbol) return [];
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const extended = type.getBaseTypes()?.some((parent) => parent.symbol === base.symbol) ?? false;
    if (!extended) return [];
    const literal = (property: string): string | undefined => {
      const member = declaration.members.find((each) => each.name?.getText() === property);
      const value = member && ts.isPropertyDeclaration(member) ? member.initializer : undefined;
      return value && (ts.isStringLiteral(value) || ts.isNumericLiteral(value)) ? value.text : undefined;
    };
    const fields = type
      .getProperties()
      .filter((property) => !common.has(property.name) && isPublic(property))
      .map((property) => property.name);
    return [{ name, code: literal('code') ?? '?', httpStatus: Number(literal('httpStatus') ?? 500), fields }];
  });
}

const isPublic = ({ declarations = [] }: ts.Symbol): boolean =>
  declarations.every((declaration) => {
    const modifiers = ts.canHaveModifiers(declaration) ? (ts.getModifiers(declaration) ?? []) : [];
    return !modifiers.some(
      ({ kind }) => kind === ts.SyntaxKind.PrivateKeyword || kind === ts.SyntaxKind.ProtectedKeyword,
    );
  });
