import type { Invariant, Scene } from '../world/history.js';
import type { StoredRow } from '../world/ledger-store.js';
import type { Told } from '../world/scenario.js';
import { barrierRowsOf, effectsOf, isConfirmedRow, isOurs, owedPhase } from './branch-state.js';

/** These say nothing about how the transaction ends. */
const NO_VERDICT: readonly (string | undefined)[] = ['TCC_IN_DOUBT', 'TCC_IN_PROGRESS', 'TCC_KEY_REUSE'];

/** No confirm or cancel before the decision is durable, and no caller hears of a decision that may yet be another. */
export const decidedBeforeActed: Invariant = {
  name: '3 decided before acted',
  asked(process, { xid, seq, phase }, { store }) {
    const owed = owedPhase(store.rows.get(xid), seq);
    return owed === phase ? undefined : `${process.name} called ${phase} of ${xid}:${seq} and the ledger says ${owed}`;
  },
  always: (scene) => actedOtherwise(scene) ?? firstOf(scene.told, (told) => belied(told, scene)),
  told: (told, scene) => unfounded(told, scene),
};

function actedOtherwise(scene: Scene): string | undefined {
  const { store } = scene;
  for (const { phase, xid, seq } of effectsOf(scene)) {
    const owed = owedPhase(store.rows.get(xid), seq);
    if (phase !== 'try' && isOurs(scene, xid) && owed !== phase)
      return `${phase} of ${xid}:${seq} took effect and the ledger says ${owed}`;
  }
  for (const { xid, seq, status } of barrierRowsOf(scene)) {
    if (status === 'tried' || !isOurs(scene, xid)) continue;
    const owed = owedPhase(store.rows.get(xid), seq);
    if (owed !== (status === 'confirmed' ? 'confirm' : 'cancel'))
      return `${xid}:${seq} is ${status} at its participant and the ledger says ${owed}`;
  }
  return undefined;
}

/** What a caller was told does not hold, now or any more. */
function belied(told: Told, scene: Scene): string | undefined {
  for (const [xid, row] of rowsOf(told, scene)) {
    if (told.returned && row.status.startsWith('cancel'))
      return `the caller was told "done" and ${xid} is ${row.status}`;
    if (!told.returned && !NO_VERDICT.includes(told.code) && isConfirmedRow(row))
      return `the caller was told "not done" (${told.code}) and ${xid} is ${row.status}`;
  }
  return undefined;
}

/** What a caller is told is not durable yet. */
function unfounded(told: Told, scene: Scene): string | undefined {
  const rows = rowsOf(told, scene);
  if (told.returned) {
    // of a key that another one's transaction has, the answer is that one's
    const answers = rows.length > 0 ? rows : [...scene.store.rows].filter(([, row]) => isConfirmedRow(row));
    if (answers.length === 0) return 'the caller was told "done" and nothing is confirmed';
    const open = answers.find(([, row]) => !isConfirmedRow(row));
    return open && `the caller was told "done" and ${open[0]} is ${open[1].status}`;
  }
  // What comes out of the initiator's body needs no ledger: nobody else confirms, and it has not.
  if (told.own || NO_VERDICT.includes(told.code)) return undefined;
  const open = rows.find(([, { status }]) => !status.startsWith('cancel'));
  return open && `the caller was told "not done" (${told.code}) and ${open[0]} is ${open[1].status}`;
}

/** The transactions that this request began; of a retried one the last counts. */
function rowsOf({ instance }: Told, { store, names }: Scene): (readonly [string, StoredRow])[] {
  return [...store.rows].filter(([xid]) => names.of(xid).startsWith(`X${instance}`));
}

function firstOf<T>(items: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of items) {
    const found = find(item);
    if (found !== undefined) return found;
  }
  return undefined;
}
