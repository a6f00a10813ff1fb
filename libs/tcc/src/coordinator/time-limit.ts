import type { Alarms } from '../core/alarms.js';

/** A confirm or cancel has not ended within `callTimeout`; whether it took effect is not known. */
export class CallTimeoutError extends Error {
  readonly code = 'TCC_CALL_TIMEOUT';
}

/**
 * @param what named in the error; asked when it is needed
 * @throws CallTimeoutError when `work` takes longer; the work itself goes on and its end is ignored
 */
export function withTimeLimit<T>(alarms: Alarms, work: Promise<T>, limitMs: number, what: () => string): Promise<T> {
  return new Promise((resolve, reject) => {
    const calm = alarms.set(limitMs, () => reject(new CallTimeoutError(`${what()} has not ended after ${limitMs} ms`)));
    work.then(
      (value) => {
        calm();
        resolve(value);
      },
      (error: unknown) => {
        calm();
        // as it is: what a method throws need be no Error
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
        reject(error);
      },
    );
  });
}
