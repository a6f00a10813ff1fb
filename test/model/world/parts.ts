import type { BarrierStatus, LedgerPort, ruleOn as RuleOn } from 'nestjs-tcc';
import { Decider } from '../../../libs/tcc/src/coordinator/decider.js';
import { Leases } from '../../../libs/tcc/src/coordinator/leases.js';
import { PhaseTwoDriver } from '../../../libs/tcc/src/coordinator/phase-two.driver.js';
import { ruleOn } from '../../../libs/tcc/src/core/barrier-ruling.js';
import { BranchInterceptor } from '../../../libs/tcc/src/participant/branch.interceptor.js';
import { moveRow } from '../../../libs/tcc-testing/src/barrier/move-row.js';
import type { LedgerStore } from './ledger-store.js';
import type { MoveRow } from './participant-database.js';

/** What an instance is put together from, where a mutant may put something else. */
export interface Parts {
  readonly Decider: typeof Decider;
  readonly Driver: typeof PhaseTwoDriver;
  readonly Leases: typeof Leases;
  readonly Interceptor: typeof BranchInterceptor;
  /** The ledger as its callers see it. */
  readonly port: (port: LedgerPort) => LedgerPort;
  /** The ledger's own judgement. */
  readonly store: (port: LedgerPort, store: LedgerStore) => LedgerPort;
  readonly rule: typeof RuleOn;
  readonly moveRow: MoveRow;
  readonly keeps: (status: BarrierStatus) => boolean;
  /** Whether COMMIT of an overlapping try waits for its registration. */
  readonly awaitsRegistration: boolean;
}

/** Nothing but the real ones. */
export const REAL_PARTS: Parts = {
  Decider,
  Driver: PhaseTwoDriver,
  Leases,
  Interceptor: BranchInterceptor,
  port: (port) => port,
  store: (port) => port,
  rule: ruleOn,
  moveRow,
  keeps: () => true,
  awaitsRegistration: true,
};
