import { confirms, type Invariant, type Scene } from '../world/history.js';

/** Nothing is dropped: a transaction settles when all its branches have, and every transaction settles. */
export const settledAlways: Invariant = {
  name: '4 settled always',
  always: tooEarly,
  end({ store }) {
    for (const [xid, row] of store.rows) {
      if (row.status !== 'confirmed' && row.status !== 'cancelled') return `${xid} is left ${row.status}`;
      for (const { seq, parkedBecause } of row.branches.values())
        if (parkedBecause !== undefined) return `${xid}:${seq} is parked: ${parkedBecause}`;
    }
    return undefined;
  },
};

/** A settled transaction with a branch whose participant does not know. */
function tooEarly({ store, database }: Scene): string | undefined {
  for (const [xid, row] of store.rows) {
    if (row.status !== 'confirmed' && row.status !== 'cancelled') continue;
    for (const { seq, timeLimitMs } of row.branches.values()) {
      if (timeLimitMs !== undefined) continue;
      const standing = database.rows.get(`${xid}:${seq}`);
      const wanted =
        row.status === 'confirmed' && confirms(row.outcomes, seq) ? ['confirmed'] : ['cancelled', 'suspended'];
      if (standing === undefined || !wanted.includes(standing))
        return `${xid} is ${row.status} and its branch ${seq} is ${standing ?? 'untouched'}`;
    }
  }
  return undefined;
}
