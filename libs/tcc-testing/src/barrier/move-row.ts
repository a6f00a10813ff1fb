import type { BarrierCall, BarrierFinding, BarrierStatus } from 'nestjs-tcc';

/** What the barrier's statement would do to a row: which status it moves it to, or that it finds it as it is. */
export function moveRow(
  { phase, kind }: Pick<BarrierCall, 'phase' | 'kind'>,
  row: BarrierStatus | undefined,
): BarrierFinding {
  const moved = target(phase, kind, row);
  return moved === undefined ? { found: row } : { moved };
}

function target(
  phase: BarrierCall['phase'],
  kind: BarrierCall['kind'],
  row: BarrierStatus | undefined,
): BarrierStatus | undefined {
  switch (phase) {
    case 'try':
      return row === undefined ? 'tried' : undefined;
    case 'confirm':
      return row === (kind === 'message' ? undefined : 'tried') ? 'confirmed' : undefined;
    case 'cancel':
      if (row === undefined) return 'suspended';
      return row === 'tried' ? 'cancelled' : undefined;
  }
}
