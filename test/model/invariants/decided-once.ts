import type { DecideAnswer, LedgerBatch, LedgerBatchAnswer, TransactionStatus } from 'nestjs-tcc';
import type { Invariant, LedgerChange } from '../world/history.js';

const NEXT: Readonly<Record<TransactionStatus, readonly TransactionStatus[]>> = {
  trying: ['confirming', 'cancelling'],
  confirming: ['confirmed'],
  cancelling: ['cancelled'],
  confirmed: [],
  cancelled: [],
};

/** `trying → confirming|cancelling` happens once, and whoever asked for the other one is told so. */
export const decidedOnce: Invariant = {
  name: '2 decided once',
  changed: (change) => wayOfStatus(change) ?? wrongAnswer(change),
};

function wayOfStatus({ before, after }: LedgerChange): string | undefined {
  for (const [xid, now] of after) {
    const then = before.get(xid);
    if (then === undefined) continue;
    if (now.status !== then.status && !NEXT[then.status].includes(now.status))
      return `${xid} went from ${then.status} to ${now.status}`;
    if (then.status !== 'trying' && now.outcomes !== then.outcomes)
      return `the decision of ${xid} on its branches changed`;
  }
  return undefined;
}

function wrongAnswer({ call, after, value }: LedgerChange): string | undefined {
  if (call.method !== 'flush' || value === undefined) return undefined;
  const [{ decides }] = call.args as [LedgerBatch];
  const answers = (value as LedgerBatchAnswer).decides;
  for (const [index, { xid, to }] of decides.entries()) {
    const answer = answers[index] as DecideAnswer;
    const status = after.get(xid)?.status;
    const isSo = status === to || status === (to === 'confirming' ? 'confirmed' : 'cancelled');
    if (answer.answer === 'done' && !isSo) return `${to} of ${xid} was answered done, and it is ${status}`;
  }
  return undefined;
}
