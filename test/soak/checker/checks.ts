import type { Run, Verdict } from './check.js';
import { acknowledgedIsDone, oneEffectPerOrder, outcomesFit, refusedIsNotDone } from './client-checks.js';
import { conservation, effectiveOnce, messagesOnce, nothingHeld, thirdPartyFits } from './effect-checks.js';
import { barriersFit, decidedOnce, everythingSettled } from './ledger-checks.js';

/** Everything that must hold of a history and what is durable after it. */
export const CHECKS: readonly ((run: Run) => Verdict)[] = [
  conservation,
  nothingHeld,
  acknowledgedIsDone,
  refusedIsNotDone,
  oneEffectPerOrder,
  outcomesFit,
  effectiveOnce,
  messagesOnce,
  thirdPartyFits,
  barriersFit,
  everythingSettled,
  decidedOnce,
];
