import { describeError } from '../core/describe-error.js';
import { monotonicNow, type Monotonic } from '../core/monotonic-clock.js';
import { isCancelled, type Decision } from '../core/status.js';
import { InDoubtError } from '../errors/in-doubt.error.js';
import { PayloadError } from '../errors/payload.error.js';
import { TransactionCancelledError } from '../errors/transaction-cancelled.error.js';
import { LedgerFailure } from '../ledger/ledger-failure.js';
import type { GroupCommit } from '../ledger/group-commit.js';
import type { DecideAnswer, DecideWrite, Skipped } from '../ledger/ledger.types.js';
import type { ActiveTransaction } from './active-transaction.js';
import type { InFlight } from './in-flight.js';
import type { PhaseTwoDriver } from './phase-two.driver.js';

/** What a decider needs from the settings. */
export interface DeciderSettings {
  readonly owner: string;
  readonly leaseMs: number;
  readonly phaseTwoWaitMs: number;
}

type Answer = Exclude<DecideAnswer, Skipped>;

/** What a caller is told when the decision to cancel cannot be written. */
export type OnSilence = 'the caller waits for it' | 'the error says enough';

/** Takes the initiator's decision, and starts phase two when the decision was its own. */
export class Decider {
  constructor(
    private readonly commits: Pick<GroupCommit, 'decide'>,
    private readonly driver: PhaseTwoDriver,
    private readonly inFlight: InFlight,
    private readonly settings: DeciderSettings,
  ) {}

  /**
   * @param result the initiator's return value, encoded; only with a key
   * @throws TransactionTimedOutError, TransactionCancelledError, PayloadError when it is cancelled instead (durably);
   * InDoubtError
   */
  async confirm(
    transaction: ActiveTransaction,
    phaseTwo: 'inline' | 'background',
    result: string | undefined,
  ): Promise<void> {
    if (!transaction.isRecorded) return;
    const { name } = transaction.draft;
    let answer: Answer;
    try {
      answer = await this.decide(transaction, 'confirming', phaseTwo, result);
    } catch (error) {
      if (error instanceof LedgerFailure && error.kind === 'rejected') {
        // it took no effect and never will, so cancelling is the only way left
        await this.cancel(transaction, phaseTwo, 'the caller waits for it');
        throw new PayloadError(`The decision of ${name}`, describeError(error), 'write', {
          xid: transaction.xid,
          cause: error,
        });
      }
      throw new InDoubtError(name, transaction.xid, error);
    }
    if (answer.answer === 'done') return;
    if (answer.status === undefined)
      throw new InDoubtError(name, transaction.xid, new Error('the ledger holds no such transaction any more'));
    // Still trying: the deadline passed first. "Not done" is said only once nothing can confirm it any more.
    if (answer.status === 'trying') await this.cancel(transaction, phaseTwo, 'the caller waits for it');
    if (monotonicNow() >= transaction.deadline) throw transaction.timedOut();
    throw new TransactionCancelledError(name, transaction.xid, 'it had been decided elsewhere');
  }

  /** @throws InDoubtError when the ledger is away and the caller must not be told that it is cancelled */
  async cancel(transaction: ActiveTransaction, phaseTwo: 'inline' | 'background', onSilence: OnSilence): Promise<void> {
    if (!transaction.isRecorded) return;
    try {
      const answer = await this.decide(transaction, 'cancelling', phaseTwo, undefined);
      if (answer.answer === 'refused' && answer.status !== undefined && !isCancelled(answer.status)) {
        throw new Error(`transaction ${transaction.xid} is ${answer.status} and should be cancelling`);
      }
    } catch (error) {
      // Only the initiator confirms, and it has not: whatever the ledger says later, it can only be cancelled, by
      // recovery at the deadline. The initiator's own error tells the caller more than a doubt that there is not.
      if (onSilence === 'the error says enough') return;
      throw new InDoubtError(transaction.draft.name, transaction.xid, error);
    }
  }

  private async decide(
    transaction: ActiveTransaction,
    to: Decision,
    phaseTwo: 'inline' | 'background',
    result: string | undefined,
  ): Promise<Answer> {
    const { owner, leaseMs } = this.settings;
    const outcomes = transaction.outcomes();
    const write: DecideWrite = {
      xid: transaction.xid,
      to,
      outcomes,
      owner,
      leaseMs,
      result,
    };
    const askedAt = monotonicNow();
    const answer = await this.commits.decide(write);
    if (answer.answer === 'done' && answer.leased) await this.drive(transaction, write, askedAt, phaseTwo);
    return answer;
  }

  private async drive(
    transaction: ActiveTransaction,
    write: DecideWrite,
    askedAt: Monotonic,
    phaseTwo: 'inline' | 'background',
  ): Promise<void> {
    const { name, order, baggage } = transaction.draft;
    const drive = this.driver.drive(
      {
        xid: write.xid,
        owner: write.owner,
        epoch: 1,
        name,
        decision: write.to,
        outcomes: write.outcomes,
        order,
        baggage,
        remainingMs: transaction.deadline - monotonicNow(),
        decidedMsAgo: 0,
        branches: transaction.records(),
      },
      askedAt,
    );
    // What fails in it is recovery's to finish: the decision stands, and the caller hears of the decision only.
    const ended = this.inFlight.add(drive.catch(() => undefined));
    if (phaseTwo === 'background') return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, this.settings.phaseTwoWaitMs);
      void ended.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }
}
