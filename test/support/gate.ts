/** A point at which code under test waits until the test lets it go on. */
export class Gate {
  readonly #open = promise();
  readonly #reached = promise();

  /** Called by the code under test. */
  readonly pass = (): Promise<void> => {
    this.#reached.resolve();
    return this.#open.done;
  };

  /** Resolves when the code under test has come to it. */
  get reached(): Promise<void> {
    return this.#reached.done;
  }

  open(): void {
    this.#open.resolve();
  }
}

function promise(): { done: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined;
  const done = new Promise<void>((settle) => (resolve = settle));
  return { done, resolve };
}
