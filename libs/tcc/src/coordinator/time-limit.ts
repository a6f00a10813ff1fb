/** A confirm or cancel has not ended within `callTimeout`; whether it took effect is not known. */
export class CallTimeoutError extends Error {
  readonly code = 'TCC_CALL_TIMEOUT';
}

/**
 * @param what named in the error; asked when it is needed
 * @throws CallTimeoutError when `work` takes longer; the work itself goes on and its end is ignored
 */
export function withTimeLimit<T>(work: Promise<T>, limitMs: number, what: () => string): Promise<T> {
  return new Promise((resolve, reject) => {
    // a call that never ends must not keep a process alive that has nothing else to do
    const timer = setTimeout(
      () => reject(new CallTimeoutError(`${what()} has not ended after ${limitMs} ms`)),
      limitMs,
    ).unref();
    work.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        // as it is: what a method throws need be no Error
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(error);
      },
    );
  });
}
