/**
 * A transfer without nestjs-tcc: two tries, then both confirms at once, as nestjs-tcc calls them.
 *
 * @param {(side: string, phase: string, xid: string, id: number) => PromiseLike<unknown>} local one local transaction
 * @param {{ triesTogether?: boolean, all?: (each: PromiseLike<unknown>[]) => PromiseLike<unknown> }} [how] `all`: what
 *   waits for several
 */
export async function byHand(
  local,
  xid,
  { from, to },
  { triesTogether = false, all = (each) => Promise.all(each) } = {},
) {
  if (triesTogether) await all([local('north', 'try', xid, from), local('south', 'try', xid, to)]);
  else {
    await local('north', 'try', xid, from);
    await local('south', 'try', xid, to);
  }
  await all([local('north', 'confirm', xid, from), local('south', 'confirm', xid, to)]);
}
