/** A confirm or cancel has not ended within `callTimeout`; whether it took effect is not known. */
export class CallTimeoutError extends Error {
  readonly code = 'TCC_CALL_TIMEOUT';
}

/** @throws CallTimeoutError naming `what` when `work` takes longer; the work itself goes on and its end is ignored */
export async function withTimeLimit<T>(work: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    // a call that never ends must not keep a process alive that has nothing else to do
    timer = setTimeout(
      () => reject(new CallTimeoutError(`${what} has not ended after ${limitMs} ms`)),
      limitMs,
    ).unref();
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => undefined);
  }
}
