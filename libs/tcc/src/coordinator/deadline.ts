import { monotonicNow } from '../core/monotonic-clock.js';
import type { TransactionTimedOutError } from '../errors/transaction-timed-out.error.js';
import type { ActiveTransaction } from './active-transaction.js';

/** The deadline of a running initiator. */
export interface Deadline {
  /** Rejects with `error` when it passes. */
  readonly passed: Promise<never>;
  /** Undefined until then: most transactions are in time, and the stack of an error is not free. */
  readonly error: TransactionTimedOutError | undefined;
  stop(): void;
}

/** Starts the clock: at the deadline the initiator's code is told through the signal, and the race is lost for it. */
export function deadlineOf(transaction: ActiveTransaction): Deadline {
  let error: TransactionTimedOutError | undefined;
  let timer: NodeJS.Timeout | undefined;
  const passed = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => {
        error = transaction.timedOut();
        transaction.expire();
        reject(error);
      },
      Math.max(0, transaction.deadline - monotonicNow()),
    );
  });
  passed.catch(() => undefined);
  return {
    passed,
    get error() {
      return error;
    },
    stop: () => clearTimeout(timer),
  };
}
