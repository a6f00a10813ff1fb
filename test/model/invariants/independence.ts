import type { Invariant, Scene } from '../world/history.js';
import { owedPhase } from './branch-state.js';

/** A participant that does not answer keeps nobody from calling the others. */
export const independence: Invariant = {
  name: '8 independent branches',
  quiet(scene) {
    const { database, store, asked } = scene;
    for (const { state, call, process } of database.open) {
      const row = store.rows.get(call.xid);
      if (state !== 'hung' || call.phase === 'try' || row === undefined || row.owner !== process.name) continue;
      for (const { seq, kind, timeLimitMs } of row.branches.values()) {
        if (kind === 'message' || timeLimitMs !== undefined || isOver(scene, call.xid, seq)) continue;
        if (!asked.has(`${owedPhase(row, seq)} ${call.xid}:${seq}`))
          return `${call.xid}:${seq} waits for ${call.xid}:${call.seq}, which does not answer`;
      }
    }
    return undefined;
  },
};

function isOver({ database }: Scene, xid: string, seq: number): boolean {
  const standing = database.rows.get(`${xid}:${seq}`);
  return standing !== undefined && standing !== 'tried';
}
