import type { PricedLine } from '../../../inventory/src/contract.js';
import { safeInteger } from '../../../shared/src/database/safe-integer.js';

/** In cents. @throws RangeError when it cannot be counted exactly */
export const totalOf = (lines: readonly PricedLine[]): number =>
  safeInteger(lines.reduce((sum, { quantity, price }) => sum + quantity * price, 0));
