/** What the real thing says must be what the model says. @param what shown beside the difference */
export function expectSame<T>(what: string, real: T, model: unknown): void {
  expect({ [what]: real }).toEqual({ [what]: model });
}
