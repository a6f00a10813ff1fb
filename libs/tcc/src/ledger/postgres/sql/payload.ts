import { LedgerFailure } from '../../ledger-failure.js';
import { isKeptExactly } from '../../../core/text.js';

/**
 * Lets a text pass that must come back exactly as it is.
 *
 * @throws LedgerFailure `rejected`: a text column would refuse `\u0000` and silently replace half a surrogate pair
 */
export function payload(text: string, what: string, xid: string): string {
  if (isKeptExactly(text)) return text;
  throw new LedgerFailure(
    'rejected',
    new Error(
      `${what} of ${xid} holds \\u0000 or half a surrogate pair, which a text column does not keep: let the codec escape it`,
    ),
  );
}
