/** The same list, begun at another place. */
const rotated = (list, by) => [...list.slice(by % list.length), ...list.slice(0, by % list.length)];

/**
 * The order of measurements. A round has every point once, the modes of one concurrency right after each other; each
 * round begins with another of them.
 *
 * @param {{ modes: string[], concurrencies: number[], rounds: number }} plan
 * @returns {{ round: number, mode: string, concurrency: number }[]}
 */
export function interleaved({ modes, concurrencies, rounds }) {
  const step = Math.max(1, Math.floor(modes.length / rounds));
  return Array.from({ length: rounds }, (_, round) =>
    concurrencies.flatMap((concurrency) =>
      rotated(modes, round * step).map((mode) => ({ round: round + 1, mode, concurrency })),
    ),
  ).flat();
}
