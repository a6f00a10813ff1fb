import type { Invariant, Scene } from '../world/history.js';
import { effectsOf, owedPhase } from './branch-state.js';

/** Behind a barrier each phase of a branch takes effect once, whatever is delivered twice; a key confirms once. */
export const effectiveOnce: Invariant = {
  name: '5 effective once',
  always: (scene) => twice(scene) ?? keyTwice(scene),
  end(scene) {
    const seen = new Set([...effectsOf(scene)].map(({ phase, key }) => `${phase} ${key}`));
    for (const [xid, row] of scene.store.rows) {
      for (const { seq, kind } of row.branches.values()) {
        const owed = owedPhase(row, seq);
        const wanted = owed === 'confirm' || (seen.has(`try ${xid}:${seq}`) && kind !== 'message');
        if (wanted && !seen.has(`${owed} ${xid}:${seq}`)) return `${owed} of ${xid}:${seq} never took effect`;
      }
    }
    return undefined;
  },
};

function twice(scene: Scene): string | undefined {
  for (const { wallet, phase, key, times } of effectsOf(scene))
    if (times > 1 && wallet !== 'gateway') return `${phase} of ${key} took effect ${times} times`;
  return undefined;
}

function keyTwice({ store }: Scene): string | undefined {
  const keys = [...store.rows.values()]
    .filter(({ status }) => !status.startsWith('cancel'))
    .map(({ begun }) => begun.key);
  const again = keys.find((key, index) => key !== undefined && keys.indexOf(key) !== index);
  return again && `two transactions have the key ${again}`;
}
