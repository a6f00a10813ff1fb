import type { BarrierCall, BarrierStatus } from 'nestjs-tcc';
import type { ModelProcess } from '../engine/model-process.js';
import type { Effect } from './wallet.js';

/**
 * One phase of one branch in a participant's database.
 *
 * `sent`: its opening statement is on its way, or waits for the row. `looking`: that moved no row, and the second
 * statement is to tell which status is there. `open`: its statements are done and business code runs. `committing`: COMMIT is on its way. `committed`: its answer is. `hung`: it never gets anywhere.
 */
export interface Delivery {
  readonly name: string;
  readonly process: ModelProcess;
  readonly call: BarrierCall;
  readonly askedAt: number;
  state: 'sent' | 'looking' | 'open' | 'committing' | 'committed' | 'hung';
  /** Nobody waits for it any more. */
  abandoned: boolean;
  /** Where its statement moved the row to, and where the row was; undefined: it moved none. */
  moved?: { readonly from: BarrierStatus | undefined; readonly to: BarrierStatus };
  readonly effects: Effect[];
  go: (found: BarrierStatus | undefined) => void;
  fail: (error: Error) => void;
}

/** How a delivery ended, for the process that made it. */
export interface DeliveryEnd {
  readonly delivery: Delivery;
  /** The row as its statement found it. */
  readonly found: BarrierStatus | undefined;
  /** `ran`, `already`, `empty`, or the code of the error. */
  readonly answer: string;
}

export const rowOf = ({ xid, seq }: Pick<BarrierCall, 'xid' | 'seq'>): string => `${xid}:${seq}`;

/** Whether the barrier statement of a call waits for what another delivery does to the row and has not committed. */
export function waitsFor({ phase, kind }: BarrierCall, holder: Delivery): boolean {
  if (holder.moved === undefined || (holder.state !== 'open' && holder.state !== 'committing')) return false;
  if (phase === 'cancel') return true;
  const inserted = holder.moved.from === undefined;
  // an update does not see the row that another transaction is inserting; an insert meets what is there
  return phase === 'confirm' && kind !== 'message' ? !inserted : inserted;
}
