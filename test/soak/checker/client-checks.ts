import { KEYED } from '../app/protocol.js';
import type { Event } from '../history.js';
import { Check, type Run, type Verdict } from './check.js';
import { nameOf, type Findings } from './state.js';

const sorted = (names: readonly string[]): string => [...names].sort().join(' ');

/** Tries and messages of a transaction that are to confirm and whose effect is there. */
const effectiveOf = (found: Findings, xid: string): string =>
  sorted((found.branchesOf.get(xid) ?? []).filter((branch) => found.isEffective(branch)).map(nameOf));

/** What a client was told to be done is done: the transaction is confirmed, with the effects that its initiator named. */
export function acknowledgedIsDone({ events, found }: Run): Verdict {
  const check = new Check('no acknowledged order lost');
  for (const event of events) {
    if (event.type !== 'ok') continue;
    const { receipt, order } = event;
    for (const { xid, did } of [receipt, ...(receipt.inner ? [receipt.inner] : [])]) {
      const status = found.transactions.get(xid)?.status;
      const effects = effectiveOf(found, xid);
      check.that(status === 'confirmed' && effects === sorted(did), () => ({
        what: `told done (${sorted(did)}), it is ${status ?? 'not in the ledger'} and effective are: ${effects || 'none'}`,
        orderId: order.id,
        xid,
      }));
    }
  }
  return check.verdict();
}

/** What every caller was told not to be done has no effect. */
export function refusedIsNotDone({ events, found }: Run): Verdict {
  const check = new Check('no refused order effective');
  for (const [orderId, told] of byOrder(events)) {
    const refusals = told.filter(({ type }) => type === 'fail');
    // one whose end is unknown (or not told) may be the one that took effect
    if (refusals.length === 0 || refusals.length < told.filter(({ type }) => type === 'invoke').length) continue;
    const effective = (found.branchesOfOrder.get(orderId) ?? []).filter((branch) => found.isEffective(branch));
    check.that(effective.length === 0, () => ({
      what: `told not done, and effective are: ${sorted(effective.map(nameOf))}`,
      orderId,
      xid: effective[0]?.xid,
    }));
  }
  return check.verdict();
}

/** However often it was asked for: one effect, and one result for everybody. */
export function oneEffectPerOrder({ events, found }: Run): Verdict {
  const check = new Check('one effect per order, and the same result for everybody');
  for (const [orderId, told] of byOrder(events)) {
    const xids = new Set((found.branchesOfOrder.get(orderId) ?? []).map(({ xid }) => xid));
    const confirmed = [...xids].filter((xid) => found.transactions.get(xid)?.status === 'confirmed');
    check.that(confirmed.length <= 1, () => ({
      what: `${confirmed.length} confirmed transactions: ${confirmed.join(' ')}`,
      orderId,
      xid: confirmed[0],
    }));
    if (!KEYED.has(told[0]!.order.kind)) continue;
    const results = new Set(told.flatMap((event) => (event.type === 'ok' ? [event.text] : [])));
    for (const xid of confirmed) {
      const { key, result } = found.transactions.get(xid)!;
      check.that(key === orderId && result !== null, () => ({
        what: `stored with key ${key}: ${result}`,
        orderId,
        xid,
      }));
      if (result !== null) results.add(result);
    }
    check.that(results.size <= 1, () => ({ what: `different results: ${[...results].join(' ')}`, orderId }));
    const reused = told.find((event) => event.type === 'fail' && event.code === 'TCC_KEY_REUSE');
    check.that(!reused, () => ({ what: 'the same order was taken for another one', orderId }));
  }
  return check.verdict();
}

/** What `tcc.outcome` said of an order in doubt fits how it ended. */
export function outcomesFit({ events, found }: Run): Verdict {
  const check = new Check('outcomes told while in doubt stand');
  for (const event of events) {
    if (event.type !== 'outcome' || event.status === 'trying') continue;
    const final = found.transactions.get(event.xid)?.status;
    const said = event.status?.replace('ing', 'ed');
    check.that(final === said, () => ({
      what: `its outcome was told as ${event.status ?? 'unknown'}, it is ${final ?? 'not in the ledger'}`,
      orderId: event.order.id,
      xid: event.xid,
    }));
  }
  return check.verdict();
}

function byOrder(events: readonly Event[]): ReadonlyMap<string, readonly Event[]> {
  const orders = new Map<string, Event[]>();
  for (const event of events) {
    const told = orders.get(event.order.id);
    if (told) told.push(event);
    else orders.set(event.order.id, [event]);
  }
  return orders;
}
