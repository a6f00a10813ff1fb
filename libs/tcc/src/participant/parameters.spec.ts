import 'reflect-metadata';
import { runInThisContext } from 'node:vm';
import { fitArguments, parametersOf } from './parameters.js';

/** Sources as different compilers and people write them. */
const functions: [what: string, method: (...args: never[]) => unknown, count: number, exact: boolean][] = [
  ['none', function () {}, 0, true],
  ['one', async (_a: never) => _a, 1, true],
  ['default values', (_a: never, _b = 1, _c = 'x') => 0, 3, true],
  ['a rest parameter', (_a: never, ..._rest: never[]) => 0, 1, false],
  ['only a rest parameter', (..._rest: never[]) => 0, 0, false],
  ['a pattern', ({ a, b }: { a: 1; b: 2 }, [c, ...d]: number[]) => [a, b, c, d], 2, true],
  ['a rest inside a pattern', ({ a, ...others }: { a: 1 }) => [a, others], 1, true],
];

/** What the compiler in use would rewrite, as text. */
const sources: [source: string, count: number, exact: boolean][] = [
  ["(a = ')', b) => a", 2, true],
  ["(a = \"(\", b = '\\'(', c) => a", 3, true],
  ["(a = `)${[1, `}${')'}`].join(',')}(`, b) => a", 2, true],
  ['(a = /[/)(]\\/,/, b) => a', 2, true],
  ['(a = 4 / 2, b = 8 / 2) => a', 2, true],
  ['(a, /* , b) */ c) => a', 2, true],
  ['(a, // , b)\n c) => a', 2, true],
  ['(a = (x, y) => x, b = [1, 2], c = { d: 1, e: [2] }) => a', 3, true],
  ['(a = [...[1], 2], b = f(...a)) => a', 2, true],
  ['(\n  a,\n  b,\n) => a', 2, true],
  ['( ) => 0', 0, true],
  ['(/* nothing */) => 0', 0, true],
  ['a => a', 1, true],
  ['async a => { f(1, 2) }', 1, true],
  ['async (a, b) => 0', 2, true],
  ['(a, b = 1, ...rest) => 0', 2, false],
  ['function named(a, b) { return (c, d, e) => c }', 2, true],
];

/** Methods: their source has no `function` in front. */
class Methods {
  async 'a name (with brackets'(_a: number, _b = 2): Promise<void> {}
  async ['computed'.concat('(', '[x]')](_a: number): Promise<void> {}
}

describe('parametersOf', () => {
  it.each(functions)('counts %s', (_what, method, count, exact) => {
    expect(parametersOf(method)).toEqual({ count, exact });
  });

  it.each(sources)('reads %s', (source, count, exact) => {
    const method = runInThisContext(`(${source})`) as () => void;
    expect(Function.prototype.toString.call(method)).toBe(source);
    expect(parametersOf(method)).toEqual({ count, exact });
  });

  it('reads methods whatever their name', () => {
    const methods = Methods.prototype as unknown as Record<string, () => void>;
    expect(parametersOf(methods['a name (with brackets']!)).toEqual({ count: 2, exact: true });
    expect(parametersOf(methods['computed([x]']!)).toEqual({ count: 1, exact: true });
  });

  describe('with the metadata of the compiler', () => {
    const declaring = (count: number): { prototype: object; key: string } => {
      const prototype = {};
      const types = Array.from({ length: count }, () => Object);
      Reflect.defineMetadata('design:paramtypes', types, prototype, 'reserve');
      return { prototype, key: 'reserve' };
    };

    it.each<[string, (...args: never[]) => unknown, declared: number, count: number, exact: boolean]>([
      ['a method without source', (() => 0).bind(undefined), 2, 2, false],
      ['a wrapper that takes everything', (...args: never[]) => args, 2, 2, false],
      // __awaiter moves default values into the generator
      ['an async method compiled for ES2015', (_a: never) => 0, 2, 2, true],
      ['a rest parameter', (_a: never, ...rest: never[]) => rest, 2, 1, false],
      ['only a rest parameter', (...rest: never[]) => rest, 1, 0, false],
    ])('counts %s', (_what, method, declared, count, exact) => {
      expect(parametersOf(method, declaring(declared))).toEqual({ count, exact });
    });

    it('does without it', () => {
      expect(parametersOf((_a: never, _b = 2) => 0, { prototype: {}, key: 'reserve' })).toEqual({
        count: 2,
        exact: true,
      });
    });
  });
});

describe('fitArguments', () => {
  it.each([
    ['keeps what fits', [1, 2], 2, true, [1, 2]],
    ['keeps the place of what was left out', [1], 3, true, [1, undefined, undefined]],
    ['drops what is too much', [1, 2, 3], 1, true, [1]],
    ['keeps what a rest parameter takes', [1, 2, 3], 1, false, [1, 2, 3]],
    ['keeps the place of a fixed parameter before a rest', [], 1, false, [undefined]],
  ])('%s', (_what, args, count, exact, fitted) => {
    expect(fitArguments(args, { count, exact })).toStrictEqual(fitted);
  });
});
