import type { ClaimedTransaction, Lease, LedgerBatch, LedgerBatchAnswer } from 'nestjs-tcc';
import type { Invariant, LedgerChange } from '../world/history.js';

/** A driver that lost its lease writes nothing and starts nothing; nobody takes a lease that stands. */
export const fencedDrivers: Invariant = {
  name: '7 fenced drivers',
  changed: (change) => staleWrite(change) ?? claimTooSoon(change),
  asked(process, { xid, seq, phase }, { store }) {
    const owner = store.rows.get(xid)?.owner;
    if (owner === undefined || owner === process.name) return undefined;
    return `${process.name} called ${phase} of ${xid}:${seq} when ${owner} had taken over`;
  },
};

function staleWrite(change: LedgerChange): string | undefined {
  const { before, after } = change;
  for (const { lease, accepted } of leasesIn(change)) {
    const then = before.get(lease.xid);
    const stood = then?.owner === lease.owner && then.epoch === lease.epoch;
    if (accepted && !stood) return `${change.call.name} of epoch ${lease.epoch} was taken in epoch ${then?.epoch}`;
    if (!accepted && after.get(lease.xid)?.text !== then?.text)
      return `${change.call.name} was refused and changed the ledger`;
  }
  return undefined;
}

/** Whose lease a call bears, and whether it was answered with success. */
function leasesIn({ call, value }: LedgerChange): { lease: Lease; accepted: boolean }[] {
  if (value === undefined) return [];
  switch (call.method) {
    case 'handBack':
      return [{ lease: call.args[0] as Lease, accepted: value === true }];
    case 'renew':
      return (call.args[0] as Lease[]).map((lease) => ({ lease, accepted: (value as Set<string>).has(lease.xid) }));
    case 'flush': {
      const [{ settles }] = call.args as [LedgerBatch];
      const answers = (value as LedgerBatchAnswer).settles;
      return settles.map((lease, index) => ({ lease, accepted: answers[index]?.answer === 'done' }));
    }
    case 'branches':
    case 'claim':
    case 'find':
    case 'release':
      return [];
  }
}

function claimTooSoon({ call, value, before, at }: LedgerChange): string | undefined {
  if (call.method !== 'claim' || value === undefined) return undefined;
  for (const { xid, owner } of value as readonly ClaimedTransaction[]) {
    const then = before.get(xid);
    if (then?.dueAt === undefined || then.dueAt > at) return `${owner} took over ${xid} before it was due`;
  }
  return undefined;
}
