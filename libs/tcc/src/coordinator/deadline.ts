import { monotonicNow } from '../core/monotonic-clock.js';
import type { TransactionTimedOutError } from '../errors/transaction-timed-out.error.js';
import type { ActiveTransaction } from './active-transaction.js';

/** The deadline of a running initiator. */
export class Deadline {
  /** Undefined until it passes: most transactions are in time, and the stack of an error is not free. */
  error: TransactionTimedOutError | undefined;

  constructor(private readonly transaction: ActiveTransaction) {}

  /**
   * Waits for the initiator's code until the deadline. Then that code is told through the signal, and the race is lost
   * for it.
   *
   * @throws what it throws; TransactionTimedOutError
   */
  race<T>(running: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => {
          this.error = this.transaction.timedOut();
          this.transaction.expire(this.error);
          reject(this.error);
        },
        Math.max(0, this.transaction.deadline - monotonicNow()),
      );
      running.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          // as it is: what a method throws need be no Error
          // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
          reject(error);
        },
      );
    });
  }
}
