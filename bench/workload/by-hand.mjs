/**
 * A transfer without a coordinator: two tries, then both confirms at once, as nestjs-tcc calls them.
 *
 * @param {(side: string, phase: string, xid: string, id: number) => Promise<unknown>} local one local transaction
 * @param {boolean} [triesTogether]
 */
export async function byHand(local, xid, { from, to }, triesTogether = false) {
  if (triesTogether) await Promise.all([local('north', 'try', xid, from), local('south', 'try', xid, to)]);
  else {
    await local('north', 'try', xid, from);
    await local('south', 'try', xid, to);
  }
  await Promise.all([local('north', 'confirm', xid, from), local('south', 'confirm', xid, to)]);
}
