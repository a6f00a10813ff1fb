import { setTimeout as pause } from 'node:timers/promises';
import {
  BarrierBusyError,
  type BarrierCall,
  type BarrierPort,
  BarrierRefusedError,
  type BarrierResult,
  type BarrierStatus,
  LateTryError,
  type LocalTransaction,
  RepeatedTryError,
  ruleOn,
  TransactionTimedOutError,
} from 'nestjs-tcc';
import { moveRow } from './move-row.js';

/** As long as the Postgres barrier waits for the row of a delivery that has not ended. */
const LONGEST_WAIT_MS = 2_000;

/** There is no database, so there is nothing to join. */
const NO_DATABASE: LocalTransaction = {
  dataSource: undefined,
  manager: undefined,
  createQueryRunner: () => {
    throw new Error('The in-memory barrier has no local transaction: keep what the participant holds in memory too.');
  },
};

/**
 * The barrier for unit tests without a database: same rulings, one delivery of a branch at a time, and its row is taken
 * back when business code throws. What business code itself did is not taken back: there is no transaction.
 *
 * @publicApi
 */
export class InMemoryBarrier implements BarrierPort {
  private readonly rows = new Map<string, BarrierStatus>();
  private readonly last = new Map<string, Promise<unknown>>();

  open(): Promise<void> {
    return Promise.resolve();
  }

  /** The row of a branch, for assertions; undefined when there is none. */
  statusOf(branch: Pick<BarrierCall, 'xid' | 'seq'>): BarrierStatus | undefined {
    return this.rows.get(keyOf(branch));
  }

  async run<T>(call: BarrierCall, business: (local: LocalTransaction) => Promise<T>): Promise<BarrierResult<T>> {
    const key = keyOf(call);
    const before = this.last.get(key) ?? Promise.resolve();
    let leave = (): void => {};
    const left = new Promise<void>((resolve) => (leave = resolve));
    const mine = before.then(() => left);
    this.last.set(key, mine);
    try {
      await this.turn(call, before);
      return await this.deliver(call, key, business);
    } finally {
      leave();
      void mine.then(() => this.last.get(key) === mine && this.last.delete(key));
    }
  }

  private async turn(call: BarrierCall, before: Promise<unknown>): Promise<void> {
    if (call.phase === 'try') {
      await before;
      return;
    }
    const patience = new AbortController();
    const waited = pause(LONGEST_WAIT_MS, 'busy', { signal: patience.signal }).catch(() => 'free');
    const answer = await Promise.race([before.then(() => 'free'), waited]);
    patience.abort();
    if (answer === 'busy') throw new BarrierBusyError(call.branch, call.xid, undefined);
  }

  private async deliver<T>(
    call: BarrierCall,
    key: string,
    business: (local: LocalTransaction) => Promise<T>,
  ): Promise<BarrierResult<T>> {
    const { branch, xid, seq, phase } = call;
    if (call.deadline !== undefined && call.deadline <= performance.now()) {
      throw new TransactionTimedOutError(`calling ${branch}`, xid);
    }
    const row = this.rows.get(key);
    const finding = moveRow(call, row);
    const ruling = ruleOn(phase, call.kind, finding, call.evenIfNotTried);
    if ('moved' in finding && finding.moved !== undefined) this.rows.set(key, finding.moved);
    switch (ruling) {
      case 'already':
      case 'empty':
        return { ran: false, why: ruling };
      case 'late-try':
        throw new LateTryError(branch, xid, seq);
      case 'repeated-try':
        throw new RepeatedTryError(branch, xid, seq);
      case 'refuse':
        throw new BarrierRefusedError(branch, xid, seq, phase === 'confirm' ? 'confirm' : 'cancel', row);
      case 'busy':
        throw new BarrierBusyError(branch, xid, undefined);
      case 'run':
        return this.runBusiness(call, key, row, business);
    }
  }

  private async runBusiness<T>(
    call: BarrierCall,
    key: string,
    row: BarrierStatus | undefined,
    business: (local: LocalTransaction) => Promise<T>,
  ): Promise<BarrierResult<T>> {
    try {
      const value = await business(NO_DATABASE);
      await call.beforeCommit?.();
      return { ran: true, value };
    } catch (error) {
      if (row === undefined) this.rows.delete(key);
      else this.rows.set(key, row);
      throw error;
    }
  }
}

const keyOf = ({ xid, seq }: Pick<BarrierCall, 'xid' | 'seq'>): string => `${xid}:${seq}`;
