import type { Propagation } from '../core/propagation.js';
import type { PhaseTwoOrder } from '../ledger/ledger.types.js';

/** One call of an initiator, with everything it was configured with. */
export interface GlobalCall {
  readonly name: string;
  readonly propagation: Propagation;
  readonly timeoutMs: number;
  readonly order: PhaseTwoOrder;
  readonly phaseTwo: 'inline' | 'background';
  /** Idempotency key, or undefined. */
  readonly key: string | undefined;
  /** What must be equal for the same key to mean the same request. */
  readonly fingerprint: unknown;
  readonly body: () => unknown;
}
