/** Calls `work` for each item, at most `limit` at a time, without waiting for one before the next is free to start. */
export function eachBounded<T>(items: readonly T[], limit: number, work: (item: T) => Promise<void>): Promise<unknown> {
  if (items.length <= limit) return Promise.all(items.map(work));
  const queue = items.values();
  const worker = async (): Promise<void> => {
    for (const item of queue) await work(item);
  };
  return Promise.all(Array.from({ length: limit }, worker));
}
