export { InMemoryLedger } from './in-memory-ledger.js';
export type { StoredAttempt } from './stored-transaction.js';
