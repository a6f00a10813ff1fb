/**
 * A figure of one mode over that of another, in every round that has both: what differs between rounds is left out.
 *
 * @param {{ round: number, mode: string, concurrency: number, figures: object }[]} points
 * @param {{ mode: string, base: string, concurrency: number, of: (figures: object) => number | undefined }} which
 * @returns {number[]} one for each round
 */
export function ratiosOf(points, { mode, base, concurrency, of }) {
  const find = (name, round) =>
    points.find((each) => each.mode === name && each.round === round && each.concurrency === concurrency)?.figures;
  const rounds = [...new Set(points.map(({ round }) => round))];
  return rounds
    .map((round) => [find(mode, round), find(base, round)])
    .filter(([ours, theirs]) => ours !== undefined && theirs !== undefined)
    .map(([ours, theirs]) => of(ours) / of(theirs))
    .filter(Number.isFinite);
}
