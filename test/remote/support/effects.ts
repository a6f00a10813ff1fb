import type { Pair } from './pair.js';

/** How many branches have left a trace in the participant's database. */
export async function barrierRowsOf({ source }: Pair): Promise<number> {
  const [row] = await source.query<{ n: number }[]>('select count(*)::int as n from tcc_barrier');
  return row!.n;
}

/** How many methods of participants have run. */
export const runsOf = ({ hooks }: Pair): number => hooks.visits.length;
