import ts from 'typescript';
import { libraryOf } from './exports.js';

describe.each(['tcc', 'tcc-testing'])('every export of libs/%s', (lib) => {
  const { checker, exports } = libraryOf(lib);

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
