/**
 * Calls `work` as an async function would: what it throws is a rejection. A promise that it returns is passed on as it
 * is, where an async function makes three more of it; each costs what AsyncLocalStorage asks for it.
 */
export function promised<T>(work: () => T | Promise<T>): Promise<T> {
  try {
    const value = work();
    return value instanceof Promise ? value : Promise.resolve(value);
  } catch (error) {
    // as it is: what a method throws need be no Error
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    return Promise.reject(error);
  }
}
