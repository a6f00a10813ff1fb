import type { BranchKind, Phase } from './status.js';

/**
 * Status of a barrier row. `suspended`: cancelled before any try took effect, which shuts out a late one.
 * Only `tried` ever changes.
 */
export type BarrierStatus = 'tried' | 'confirmed' | 'cancelled' | 'suspended';

/** What the barrier statement did: it moved the row to a status, or moved none and this one is there (or no row). */
export type BarrierFinding =
  { readonly moved: BarrierStatus; readonly found?: never } | { readonly found: BarrierStatus | undefined };

/**
 * What becomes of a delivery. `run`: the business code runs. `already`: done before, answered with success. `empty`:
 * cancel of a try that never took effect, answered with success. `late-try`, `repeated-try`, `refuse`: refused for
 * good. `busy`: the row changed between the two statements; a later delivery finds out.
 */
export type BarrierRuling = 'run' | 'already' | 'empty' | 'late-try' | 'repeated-try' | 'refuse' | 'busy';

const STANDING: Record<Phase, Record<BarrierStatus | 'none', BarrierRuling>> = {
  try: {
    // The insert met a row that is gone now (removed by hand, or by retention).
    none: 'busy',
    tried: 'repeated-try',
    confirmed: 'repeated-try',
    cancelled: 'late-try',
    suspended: 'late-try',
  },
  confirm: {
    none: 'refuse',
    // The try committed after the update had looked for it. Refusing would park a branch that can be confirmed.
    tried: 'busy',
    confirmed: 'already',
    cancelled: 'refuse',
    suspended: 'refuse',
  },
  cancel: {
    none: 'busy',
    tried: 'busy',
    confirmed: 'refuse',
    cancelled: 'already',
    suspended: 'already',
  },
};

/**
 * The barrier's table: what a delivery of a phase means, given what its statement did.
 *
 * @param evenIfNotTried cancel only: the business code runs although no try took effect here
 */
export function ruleOn(phase: Phase, kind: BranchKind, finding: BarrierFinding, evenIfNotTried = false): BarrierRuling {
  if ('moved' in finding) {
    return phase === 'cancel' && finding.moved === 'suspended' && !evenIfNotTried ? 'empty' : 'run';
  }
  // A message is never tried: a row that says so belongs to something else.
  if (kind === 'message' && phase === 'confirm' && finding.found === 'tried') return 'refuse';
  // Written by hand, it may be any text.
  const standing: Partial<Record<string, BarrierRuling>> = STANDING[phase];
  return standing[finding.found ?? 'none'] ?? 'refuse';
}
