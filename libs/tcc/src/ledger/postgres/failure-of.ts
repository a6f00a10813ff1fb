import { LedgerFailure, type FailureKind } from '../ledger-failure.js';

/** Whole statements that may go through on a second try, and took no effect on the first. */
const CONFLICT = new Set([
  '40001', // serialization failure
  '40P01', // deadlock
  '55P03', // lock_timeout of the role
  '26000', // prepared statement is gone: a pooler between, or DISCARD ALL
  '0A000', // cached plan no longer fits: a newer version has migrated the table; a new connection plans anew
]);

/** Out of reach for the moment, without effect: one class of SQLSTATE or one of its members a line. */
const UNAVAILABLE = [
  '25006', // read-only: a standby, or a primary that is being replaced
  '25P03', // idle_in_transaction_session_timeout: rolled back
  '28', // not let in
  '3D000', // no such database
  '3F', // no such schema
  '42', // a table, column or permission is missing: for an operator to repair, and no fault of what is written
  '53', // disk full, out of memory, too many connections
  '57014', // statement_timeout: raised before COMMIT begins, never within it
  '57P03', // starting up or shutting down
  '57P04', // database dropped
];

/**
 * A server that ended the connection (`57P`, `25P04` for its transaction_timeout) may have done so after its commit;
 * `40003` says itself that it does not know, and an error of its disk (`58`) or an internal one (`XX`) may come out of
 * COMMIT. Taking these as "no effect" would lose a decision.
 */
const UNKNOWN = ['08', '25P04', '40003', '57P', '58', 'XX'];

/** The five-character state of an error of the server; undefined for errors of the connection. */
export function sqlStateOf(error: unknown): string | undefined {
  // Node's own errors have a code too (`EPIPE` even fits the pattern); only the server's have a severity.
  if (typeof error !== 'object' || error === null || !('severity' in error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the connection is still good after this error: the statement was at fault. */
export const sparesConnection = (error: unknown): boolean => /^(22|23|40001|40P01|55P03)/.test(sqlStateOf(error) ?? '');

/** What is known after `error`, given that the statement may have left this process. */
export function failureOf(error: unknown): LedgerFailure {
  return error instanceof LedgerFailure ? error : new LedgerFailure(kindOf(sqlStateOf(error)), error);
}

function kindOf(state: string | undefined): FailureKind {
  // Lost connection, client-side timeout: a backend may still be at work on it.
  if (state === undefined) return 'unknown';
  if (CONFLICT.has(state)) return 'conflict';
  if (UNAVAILABLE.some((prefix) => state.startsWith(prefix))) return 'unavailable';
  return UNKNOWN.some((prefix) => state.startsWith(prefix)) ? 'unknown' : 'rejected';
}
