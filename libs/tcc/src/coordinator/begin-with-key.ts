import { isConfirmed } from '../core/status.js';
import { KeyReuseError } from '../errors/key-reuse.error.js';
import { LedgerUnavailableError } from '../errors/ledger-unavailable.error.js';
import { TransactionInProgressError } from '../errors/transaction-in-progress.error.js';
import type { GroupCommit } from '../ledger/group-commit.js';
import type { ActiveTransaction } from './active-transaction.js';

/** Asking again sooner than this after the other call's deadline finds it being cancelled at best. */
const SOONEST_MS = 100;
/** Most calls end long before their deadline: whoever asks again should not wait for the slowest. */
const LATEST_MS = 1_000;

/**
 * Writes the transaction row at once, which takes the key.
 *
 * @returns the stored result when the key belongs to a confirmed transaction; undefined: ours, go on
 */
export async function beginWithKey(
  transaction: ActiveTransaction,
  key: string,
  ledger: Pick<GroupCommit, 'begin'>,
): Promise<{ readonly result: string } | undefined> {
  const { name, fingerprint } = transaction.draft;
  const answer = await ledger.begin(transaction.beginWrite([])).catch((cause: unknown) => {
    throw new LedgerUnavailableError(`begin of ${name}`, transaction.xid, cause);
  });
  if (answer.answer === 'done') {
    if (answer.status !== 'trying') throw transaction.timedOut();
    transaction.markBegun();
    return undefined;
  }
  const { holder } = answer;
  if (holder.fingerprint !== fingerprint) throw new KeyReuseError(name, key, holder.xid);
  if (isConfirmed(holder.status) && holder.result !== undefined) return { result: holder.result };
  throw new TransactionInProgressError(
    name,
    key,
    holder.xid,
    Math.min(LATEST_MS, Math.max(SOONEST_MS, Math.ceil(holder.remainingMs))),
  );
}
