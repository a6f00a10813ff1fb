/**
 * What several instances did to the same branches.
 *
 * @param {{ xid: string, branch: string, from: number, to?: number }[]} calls on one clock; without `to` it never ended
 * @param {number} branches how many must have been called
 * @returns {{ calls: number, repeated: number, overlapping: number }} calls of a branch that had been called before, and
 *   calls that began while another one of the same branch was under way
 */
export function judgeCalls(calls, branches) {
  const byBranch = new Map();
  for (const call of calls) {
    const key = `${call.xid}:${call.branch}`;
    byBranch.set(key, [...(byBranch.get(key) ?? []), call]);
  }
  if (byBranch.size !== branches) throw new Error(`${byBranch.size} of ${branches} branches were called`);
  let repeated = 0;
  let overlapping = 0;
  for (const own of byBranch.values()) {
    let until = -Infinity;
    for (const [index, { from, to = Infinity }] of own.toSorted((a, b) => a.from - b.from).entries()) {
      if (index > 0) repeated++;
      if (from < until) overlapping++;
      until = Math.max(until, to);
    }
  }
  return { calls: calls.length, repeated, overlapping };
}
