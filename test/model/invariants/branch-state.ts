import type { BarrierStatus, Phase } from 'nestjs-tcc';
import type { StoredRow } from '../world/ledger-store.js';
import { confirms, type Scene } from '../world/history.js';

/** What a phase did to money, as `Wallet` counts it. */
export interface EffectSeen {
  readonly wallet: string;
  readonly phase: Phase;
  readonly xid: string;
  readonly seq: number;
  readonly key: string;
  readonly times: number;
}

/** Every effect of every phase, but for branches that nobody recorded on purpose. */
export function* effectsOf({ database }: Scene): Generator<EffectSeen> {
  for (const [wallet, { effects }] of database.wallets.all()) {
    for (const [name, times] of effects) {
      const [phase, key] = name.split(' ') as [Phase, string];
      const [xid, seq] = key.split(':') as [string, string];
      yield { wallet, phase, xid, seq: Number(seq), key, times };
    }
  }
}

/** Every barrier row. */
export function* barrierRowsOf({
  database,
}: Scene): Generator<{ readonly xid: string; readonly seq: number; readonly status: BarrierStatus }> {
  for (const [key, status] of database.rows) {
    const [xid, seq] = key.split(':') as [string, string];
    yield { xid, seq: Number(seq), status };
  }
}

/** Whether this is about a transaction of the scenario's initiators. */
export const isOurs = ({ scenario }: Scene, xid: string): boolean =>
  !(scenario.forged ?? []).some((call) => call.xid === xid);

/** What the decision asks of a branch; undefined before it is taken. */
export function owedPhase(row: StoredRow | undefined, seq: number): 'confirm' | 'cancel' | undefined {
  if (row === undefined || row.status === 'trying') return undefined;
  const isConfirmed = row.status === 'confirming' || row.status === 'confirmed';
  return isConfirmed && confirms(row.outcomes, seq) ? 'confirm' : 'cancel';
}

export const isConfirmedRow = ({ status }: StoredRow): boolean => status === 'confirming' || status === 'confirmed';
