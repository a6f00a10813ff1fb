/** The few matchers that the suites use. */
export interface Matchers {
  toBe(expected: unknown): void;
  toEqual(expected: unknown): void;
  toMatchObject(expected: object): void;
  toBeGreaterThan(expected: number): void;
  toBeLessThanOrEqual(expected: number): void;
}

/** What jest and vitest (with `globals: true`) put on the global object. */
export interface TestGlobals {
  readonly describe: (name: string, body: () => void) => void;
  readonly it: (name: string, body: () => Promise<void>) => void;
  readonly beforeAll: (body: () => Promise<void>) => void;
  readonly afterAll: (body: () => Promise<void>) => void;
  readonly expect: (actual: unknown) => Matchers;
}

/** Read when a suite is described: importing the library outside a test runner must not fail. */
export function testGlobals(): TestGlobals {
  const globals = globalThis as unknown as Partial<TestGlobals>;
  const { describe, it, beforeAll, afterAll, expect } = globals;
  if (!describe || !it || !beforeAll || !afterAll || !expect) {
    throw new Error('describe, it and expect are not global: run this in jest, or in vitest with `globals: true`.');
  }
  return { describe, it, beforeAll, afterAll, expect };
}
