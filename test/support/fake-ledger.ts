import { setImmediate as turn } from 'node:timers/promises';
import { LedgerFailure, type FailureKind } from '../../libs/tcc/src/ledger/ledger-failure.js';
import type { LedgerBatch, LedgerBatchAnswer } from '../../libs/tcc/src/ledger/ledger.types.js';
import { eventually } from './ledger-fixture.js';

/** What a ledger that takes everything answers. */
export const DONE: Pick<FakeLedger, 'answer'> = {
  answer: ({ begins, registers, decides, settles }) => ({
    begins: begins.map(() => ({ answer: 'done', status: 'trying' })),
    registers: registers.map(() => ({ answer: 'done' })),
    decides: decides.map(({ to }) => ({ answer: 'done', status: to, leased: true })),
    settles: settles.map(() => ({ answer: 'done' })),
  }),
};

/** Keeps each flush until the test answers it: interleavings only, the real ledger has its own specs. */
export class FakeLedger {
  readonly batches: LedgerBatch[] = [];
  inFlight = 0;
  most = 0;
  /** Answers or fails by itself when set. */
  answer: ((batch: LedgerBatch) => LedgerBatchAnswer) | undefined;
  private waiting: {
    batch: LedgerBatch;
    resolve: (answer: LedgerBatchAnswer) => void;
    reject: (error: unknown) => void;
  }[] = [];

  async flush(batch: LedgerBatch): Promise<LedgerBatchAnswer> {
    this.batches.push(batch);
    this.most = Math.max(this.most, ++this.inFlight);
    try {
      if (this.answer !== undefined) {
        await turn();
        return this.answer(batch);
      }
      return await new Promise((resolve, reject) => this.waiting.push({ batch, resolve, reject }));
    } finally {
      this.inFlight--;
    }
  }

  /** The flush that is in flight, once there is one. */
  async next(): Promise<{
    batch: LedgerBatch;
    done: (change?: Partial<LedgerBatchAnswer>) => void;
    fail: (kind: FailureKind) => void;
  }> {
    const { batch, resolve, reject } = await eventually('a flush', () => this.waiting.shift());
    return {
      batch,
      done: (change = {}) => resolve({ ...(DONE.answer?.(batch) as LedgerBatchAnswer), ...change }),
      fail: (kind) => reject(new LedgerFailure(kind, new Error('told to'))),
    };
  }
}
