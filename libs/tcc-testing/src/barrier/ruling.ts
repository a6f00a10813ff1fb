import type { BarrierCall } from 'nestjs-tcc';

/**
 * What a barrier row says of its branch. `suspended`: cancelled before a try took effect.
 *
 * @publicApi
 */
export type BarrierRow = 'tried' | 'confirmed' | 'cancelled' | 'suspended';

/** What becomes of a delivery, and of its row where it changes. */
export type Ruling =
  | { readonly verdict: 'run' | 'empty'; readonly row: BarrierRow }
  | { readonly verdict: 'already' }
  | { readonly verdict: 'late' }
  | { readonly verdict: 'repeated' }
  | { readonly verdict: 'refused' };

const refused: Ruling = { verdict: 'refused' };
const already: Ruling = { verdict: 'already' };

/** The barrier's table of rulings, for a row as it stands before the delivery. */
export function rule(
  { phase, kind, evenIfNotTried }: Pick<BarrierCall, 'phase' | 'kind' | 'evenIfNotTried'>,
  row: BarrierRow | undefined,
): Ruling {
  switch (phase) {
    case 'try':
      if (row === undefined) return { verdict: 'run', row: 'tried' };
      return { verdict: row === 'suspended' || row === 'cancelled' ? 'late' : 'repeated' };
    case 'confirm':
      if (row === 'confirmed') return already;
      return row === (kind === 'message' ? undefined : 'tried') ? { verdict: 'run', row: 'confirmed' } : refused;
    case 'cancel':
      if (row === undefined) return { verdict: evenIfNotTried === true ? 'run' : 'empty', row: 'suspended' };
      if (row === 'tried') return { verdict: 'run', row: 'cancelled' };
      return row === 'confirmed' ? refused : already;
  }
}
