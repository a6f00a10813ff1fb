import type { Invariant, LedgerChange, Scene } from '../world/history.js';
import { barrierRowsOf, effectsOf, isOurs } from './branch-state.js';

/** A branch row is durable before its try can take effect, and none comes once the transaction is over. */
export const recordedFirst: Invariant = {
  name: '1 recorded first',
  always: (scene) => unrecorded(scene),
  changed: registeredTooLate,
};

function unrecorded(scene: Scene): string | undefined {
  const isRecorded = (xid: string, seq: number): boolean =>
    !isOurs(scene, xid) || scene.store.rows.get(xid)?.branches.has(seq) === true;
  for (const { phase, xid, seq, key } of effectsOf(scene))
    if (!isRecorded(xid, seq)) return `${phase} of ${key} took effect and the ledger has no such branch`;
  // A cancel of what may never have been recorded does no harm: it shuts a late try out.
  for (const { xid, seq, status } of barrierRowsOf(scene))
    if (status !== 'suspended' && !isRecorded(xid, seq))
      return `${xid}:${seq} is ${status} at its participant and the ledger has no such branch`;
  return undefined;
}

function registeredTooLate({ at, before, after }: LedgerChange): string | undefined {
  for (const [xid, now] of after) {
    const then = before.get(xid);
    if (then === undefined || now.branches.length === then.branches.length) continue;
    if (then.status !== 'trying') return `a branch of ${xid} was registered when it was ${then.status}`;
    if (then.deadline <= at) return `a branch of ${xid} was registered after its deadline`;
  }
  return undefined;
}
