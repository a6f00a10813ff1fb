import { BarrierBusyError } from '../errors/barrier-busy.error.js';
import { BarrierRefusedError } from '../errors/barrier-refused.error.js';
import { PayloadError } from '../errors/payload.error.js';
import { RetryLaterError } from '../errors/retry-later.error.js';
import { TransactionInProgressError } from '../errors/transaction-in-progress.error.js';
import { UnknownParticipantError } from '../errors/unknown-participant.error.js';
import { UnrecoverableError } from '../errors/unrecoverable.error.js';
import type { BranchRecord } from '../ledger/ledger.types.js';
import { judgeSetback } from './setback.js';
import { CallTimeoutError } from './time-limit.js';

const POLICY = { initialMs: 1_000, capMs: 300_000 };
const HOUR = 3_600_000;

const judge = (
  error: unknown,
  { unsettledMs = 0, ...more }: Partial<BranchRecord> & { unsettledMs?: number } = {},
): ReturnType<typeof judgeSetback> => {
  const branch = { seq: 1, attempts: 0, postponements: 0, alerted: false, ...more } as BranchRecord;
  return judgeSetback({ branch, phase: 'confirm', error, durationMs: 5, unsettledMs }, POLICY);
};

describe('a confirm or cancel that did not succeed', () => {
  it.each([
    ['a refusal of the barrier', new BarrierRefusedError('p.m', 'x', 1, 'confirm', 'cancelled')],
    ['UnrecoverableError', new UnrecoverableError('never')],
    ['arguments that cannot be read', new PayloadError('a', 'b', 'read')],
  ])('is parked at once after %s, with the reason and the attempt', (_, error) => {
    const { setback, tell } = judge(error);
    expect(setback).toMatchObject({
      dueInMs: undefined,
      attempts: 1,
      parkedBecause: expect.stringContaining(error.code) as string,
    });
    expect(setback.attempt).toMatchObject({ phase: 'confirm', errorCode: error.code });
    expect(tell).toBe('parked');
  });

  it('is retried within twice the pause of the time before, up to the cap, for ever', () => {
    for (const attempts of [0, 1, 5, 20, 10_000]) {
      const { setback } = judge(new Error('down'), { attempts });
      expect(setback.attempts).toBe(attempts + 1);
      expect(setback.dueInMs).toBeGreaterThanOrEqual(0);
      expect(setback.dueInMs).toBeLessThanOrEqual(Math.min(300_000, 1_000 * 2 ** attempts));
    }
  });

  it('alerts from the eighth failed attempt on', () => {
    expect([6, 7, 8].map((attempts) => judge(new Error('down'), { attempts }).tell)).toEqual([
      undefined,
      'alert',
      'alert',
    ]);
  });

  it('alerts when unsettled for ten minutes, whatever was counted, once', () => {
    const first = judge(new RetryLaterError(5), { unsettledMs: 600_000 });
    expect(first).toMatchObject({ tell: 'alert', setback: { alerted: true } });
    expect(judge(new RetryLaterError(5), { unsettledMs: 700_000, alerted: true }).tell).toBeUndefined();
  });

  it.each([
    ['RetryLaterError with a time', new RetryLaterError(1_234), 1_234],
    ['a message whose own transaction is in progress', new TransactionInProgressError('t', 'k', 'x', 777), 777],
    ['a time beyond a day', new RetryLaterError(1e12), 24 * HOUR],
    ['a time that is no number', new RetryLaterError(Number.NaN), 1_000],
    ['a time that is a bigint', new RetryLaterError(5n as unknown as number), 1_000],
    ['a time that is a symbol', new RetryLaterError(Symbol('soon') as unknown as number), 1_000],
    ['RetryLaterError without a time', new RetryLaterError(), 1_000],
    ['a busy barrier', new BarrierBusyError('p.m', 'x', undefined), 1_000],
  ])('is “not yet” after %s: no attempt, no history', (_, error, dueInMs) => {
    expect(judge(error)).toEqual({
      setback: { seq: 1, attempts: 0, postponements: 1, alerted: false, dueInMs },
      tell: undefined,
    });
  });

  it('doubles the pause of “not yet” without a time, up to the cap', () => {
    const pauses = [0, 1, 2, 20].map(
      (postponements) => judge(new RetryLaterError(), { postponements }).setback.dueInMs,
    );
    expect(pauses).toEqual([1_000, 2_000, 4_000, 300_000]);
  });

  it('counts a participant that is unknown here as no attempt, and parks it after a day', () => {
    const error = new UnknownParticipantError('p.m', []);
    expect(judge(error, { unsettledMs: 23 * HOUR, alerted: true }).setback).toMatchObject({
      attempts: 0,
      dueInMs: 1_000,
    });
    expect(judge(error, { unsettledMs: 24 * HOUR })).toMatchObject({ tell: 'parked', setback: { dueInMs: undefined } });
  });

  it('retries a call that does not end for a day, each with its history, then parks it', () => {
    const error = new CallTimeoutError('too long');
    expect(judge(error, { unsettledMs: 23 * HOUR, alerted: true }).setback).toMatchObject({
      attempts: 1,
      attempt: { errorCode: 'TCC_CALL_TIMEOUT' },
      dueInMs: expect.any(Number) as number,
    });
    expect(judge(error, { unsettledMs: 24 * HOUR }).setback.dueInMs).toBeUndefined();
    expect(judge(new Error('refused'), { unsettledMs: 1_000 * HOUR }).setback.dueInMs).toBeDefined();
  });

  it('survives whatever is thrown', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    for (const thrown of [undefined, null, 'text', 7, { code: 5 }, Object.create(null), proxy]) {
      expect(judge(thrown).setback.attempts).toBe(1);
    }
  });
});
