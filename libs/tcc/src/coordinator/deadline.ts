import { monotonicNow } from '../core/monotonic-clock.js';
import type { TransactionTimedOutError } from '../errors/transaction-timed-out.error.js';
import type { ActiveTransaction } from './active-transaction.js';

/** The deadline of a running initiator. */
export interface Deadline {
  /** Rejects with `error` when it passes. */
  readonly passed: Promise<never>;
  readonly error: TransactionTimedOutError;
  stop(): void;
}

/** Starts the clock: at the deadline the initiator's code is told through the signal, and the race is lost for it. */
export function deadlineOf(transaction: ActiveTransaction): Deadline {
  const error = transaction.timedOut();
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        transaction.expire();
        reject(error);
      },
      Math.max(0, transaction.deadline - monotonicNow()),
    );
  });
  passed.catch(() => undefined);
  return { passed, error, stop: () => clearTimeout(timer) };
}
