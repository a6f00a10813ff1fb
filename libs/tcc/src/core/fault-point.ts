/**
 * The named steps at which a test can make this process crash, fail or pause. They name what has just become true, or
 * what is about to be asked for (`-ing`). A crash at each of them must leave nothing lost, doubled or held.
 *
 * `ledger`: the writes of the coordinator and of recovery. `barrier`: the local transaction of a phase. `call`: a phase
 * that only the other side records: of a participant in another application, or of one without barrier. `answer`: what
 * the application that has the participant tells the one that called it. `initiator`: the answer to its caller.
 *
 * At `opened` the barrier has spoken; with `effects: 'database'` the first statement of the phase has run by then.
 *
 * @publicApi
 */
export const FAULT_POINTS = [
  'ledger.begin.sending',
  'ledger.begin.done',
  'ledger.register.sending',
  'ledger.register.done',
  'ledger.decide.sending',
  'ledger.decide.done',
  'ledger.settle.sending',
  'ledger.settle.done',
  'ledger.claim.sending',
  'ledger.claim.done',
  'ledger.renew.sending',
  'ledger.renew.done',
  'ledger.release.sending',
  'ledger.release.done',
  'ledger.hand-back.sending',
  'ledger.hand-back.done',
  'barrier.try.opening',
  'barrier.try.opened',
  'barrier.try.committing',
  'barrier.try.committed',
  'barrier.try.rolled-back',
  'barrier.confirm.opening',
  'barrier.confirm.opened',
  'barrier.confirm.committing',
  'barrier.confirm.committed',
  'barrier.confirm.rolled-back',
  'barrier.cancel.opening',
  'barrier.cancel.opened',
  'barrier.cancel.committing',
  'barrier.cancel.committed',
  'barrier.cancel.rolled-back',
  'call.try.sending',
  'call.try.answered',
  'call.confirm.sending',
  'call.confirm.answered',
  'call.cancel.sending',
  'call.cancel.answered',
  'answer.try.sending',
  'answer.confirm.sending',
  'answer.cancel.sending',
  'initiator.answering',
] as const;

/**
 * Name of a step, one of {@link FAULT_POINTS}.
 *
 * @publicApi
 */
export type FaultPoint = (typeof FAULT_POINTS)[number];

/**
 * Called at each step with what it is about (`xid` where one is known, `branch` as `participant.method`). Returns
 * undefined in production, which costs no await; in tests it may pause (a promise), fail (reject) or end the process.
 *
 * @publicApi
 */
export type FaultHook = (point: FaultPoint, about: FaultSubject) => Promise<void> | undefined;

/**
 * What a step is about.
 *
 * @publicApi
 */
export interface FaultSubject {
  /** The transactions concerned; several in a flush, none where nobody knows yet (a claim). */
  readonly xids: readonly string[];
  /** `participant.method`, for steps of a barrier and of a call. */
  readonly branch?: string;
}

/** What runs outside tests. */
export const noFaults: FaultHook = () => undefined;
