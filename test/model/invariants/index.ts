import type { Invariant } from '../world/history.js';
import { conservation } from './conservation.js';
import { decidedBeforeActed } from './decided-before-acted.js';
import { decidedOnce } from './decided-once.js';
import { effectiveOnce } from './effective-once.js';
import { fence } from './fence.js';
import { fencedDrivers } from './fenced-drivers.js';
import { independence } from './independence.js';
import { recordedFirst } from './recorded-first.js';
import { scope } from './scope.js';
import { settledAlways } from './settled-always.js';

/** The nine of the design's section 3, and that no money comes or goes. */
export const INVARIANTS: readonly Invariant[] = [
  recordedFirst,
  decidedOnce,
  decidedBeforeActed,
  settledAlways,
  effectiveOnce,
  fence,
  fencedDrivers,
  independence,
  scope,
  conservation,
];
