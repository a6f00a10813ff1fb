import { Check, type Run, type Verdict } from './check.js';
import { keyOf, nameOf } from './state.js';

/** Nothing is left open, and nothing waits for an operator. */
export function everythingSettled({ found }: Run): Verdict {
  const check = new Check('every transaction settled, nothing parked');
  for (const { xid, status, settled } of found.state.transactions) {
    const ended = settled && (status === 'confirmed' || status === 'cancelled');
    check.that(ended, () => ({ what: `it is ${status}${settled ? '' : ' and not settled'}`, xid }));
  }
  for (const branch of found.state.branches) {
    check.that(branch.parkedBecause === null, () => ({
      what: `${nameOf(branch)} ${branch.seq} was parked: ${branch.parkedBecause}`,
      orderId: branch.orderId,
      xid: branch.xid,
    }));
  }
  return check.verdict();
}

const STEPS: ReadonlySet<string> = new Set([
  'trying confirming',
  'trying cancelling',
  'confirming confirmed',
  'cancelling cancelled',
]);

/** Every change of a status is a step forward, and each step is taken once. */
export function decidedOnce({ found }: Run): Verdict {
  const check = new Check('a decision never changes');
  const status = new Map<string, string>();
  for (const { xid, was, became } of found.state.changes) {
    const before = status.get(xid) ?? 'trying';
    const step = `${was} ${became}`;
    check.that(was === before && STEPS.has(step), () => ({ what: `went ${step} when it was ${before}`, xid }));
    status.set(xid, became);
  }
  for (const { xid, status: last } of found.state.transactions) {
    const seen = status.get(xid) ?? 'trying';
    check.that(last === seen, () => ({ what: `is ${last}, and the last change was to ${seen}`, xid }));
  }
  return check.verdict();
}

/** Each branch is recorded before it takes effect, and its barrier says what the decision said. */
export function barriersFit({ found }: Run): Verdict {
  const check = new Check('barriers fit the decision');
  for (const { database, xid, seq, status } of found.state.barriers) {
    // A registration that may have failed is followed by a cancel: that leaves a row and has no effect.
    const harmless = status === 'suspended';
    check.that(harmless || found.branches.has(keyOf({ xid, seq })), () => ({
      what: `${database} has a barrier row ${seq} (${status}) that the ledger does not know`,
      xid,
    }));
  }
  for (const branch of found.state.branches) {
    if (branch.participant === 'third') continue;
    const confirms = found.confirms(branch);
    const statuses = (found.barriers.get(keyOf(branch)) ?? []).map(({ status }) => status);
    const fits =
      statuses.length === 1 && (confirms ? ['confirmed'] : ['cancelled', 'suspended']).includes(statuses[0]!);
    check.that(fits, () => ({
      what: `${nameOf(branch)} ${branch.seq} is to ${confirms ? 'confirm' : 'cancel'}, barriers: ${statuses.join(' ') || 'none'}`,
      orderId: branch.orderId,
      xid: branch.xid,
    }));
  }
  return check.verdict();
}
