let waiting: (() => void)[] = [];

const go = (): void => {
  const all = waiting;
  waiting = [];
  for (const resolve of all) resolve();
};

/** Resolves when this turn of the event loop has seen to everything that has arrived. One immediate for all who wait. */
export const endOfTurn = (): Promise<void> =>
  new Promise((resolve) => {
    if (waiting.push(resolve) === 1) setImmediate(go);
  });
