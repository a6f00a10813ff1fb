/**
 * The named steps at which a test can make this process crash, fail or pause. They name what has just become true.
 * Durable steps first: a crash after each of them must leave nothing lost, doubled or held.
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
  'ledger.claim.done',
  'ledger.renew.done',
  'ledger.release.done',
  'ledger.hand-back.sending',
  'ledger.hand-back.done',
  'barrier.try.opened',
  'barrier.try.committing',
  'barrier.try.committed',
  'barrier.confirm.opened',
  'barrier.confirm.committing',
  'barrier.confirm.committed',
  'barrier.cancel.opened',
  'barrier.cancel.committing',
  'barrier.cancel.committed',
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
  /** The transactions concerned; several in a flush. */
  readonly xids: readonly string[];
  /** `participant.method`, for barrier steps. */
  readonly branch?: string;
}

/** What runs outside tests. */
export const noFaults: FaultHook = () => undefined;
