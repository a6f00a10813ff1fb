import type { LedgerBatch, Lease } from 'nestjs-tcc';
import { sameKeyTwice, sequentialTries, twoRecoveries } from '../scenarios.js';
import type { LedgerStore } from '../world/ledger-store.js';
import type { Parts } from '../world/parts.js';
import { altered, having, type Mutant } from './mutant.js';

type Store = Parts['store'];

/** Tampers with the rows right before a flush is judged. */
const beforeFlush =
  (tamper: (batch: LedgerBatch, store: LedgerStore) => LedgerBatch): Store =>
  (port, store) =>
    altered(port, { flush: (batch) => port.flush(tamper(batch, store)) });

const currentLease = <T extends Lease>(write: T, { rows }: LedgerStore): T => {
  const row = rows.get(write.xid);
  return row === undefined ? write : { ...write, owner: row.owner ?? write.owner, epoch: row.epoch };
};

/** The ledger judges wrongly. */
export const LEDGER_MUTANTS: readonly Mutant[] = [
  {
    name: 'the ledger registers branches of decided transactions',
    breaks: '1 recorded first',
    scenario: having(sequentialTries, { crashes: 1 }),
    parts: {
      store: beforeFlush((batch, { rows }) => {
        for (const { xid, branches } of batch.registers)
          if (rows.get(xid)?.status !== 'trying') rows.get(xid)?.add(branches);
        return batch;
      }),
    },
  },
  {
    name: 'the ledger registers branches after the deadline',
    breaks: '1 recorded first',
    scenario: having(sequentialTries, { crashes: 1 }),
    parts: {
      store: beforeFlush((batch, { rows }) => {
        for (const { xid, branches } of batch.registers)
          if (rows.get(xid)?.status === 'trying') rows.get(xid)?.add(branches);
        return batch;
      }),
    },
  },
  {
    name: 'the ledger decides without comparing',
    breaks: '2 decided once',
    scenario: having(sequentialTries, { crashes: 1 }),
    parts: {
      store: beforeFlush((batch, { rows }) => {
        for (const { xid } of batch.decides) Object.assign(rows.get(xid) ?? {}, { status: 'trying' });
        return batch;
      }),
    },
  },
  {
    name: 'recovery cancels what is confirming',
    breaks: '2 decided once',
    scenario: having(sequentialTries, { crashes: 1 }),
    parts: {
      store: (port, { rows }) =>
        altered(port, {
          claim: (request) => {
            for (const row of rows.values()) if (row.status === 'confirming') row.status = 'trying';
            return port.claim(request);
          },
        }),
    },
  },
  {
    name: 'a key is not held',
    breaks: '5 effective once',
    scenario: having(sameKeyTwice),
    parts: {
      store: (port) =>
        altered(port, {
          flush: (batch) => {
            (port as unknown as { readonly keys: Map<string, unknown> }).keys.clear();
            return port.flush(batch);
          },
        }),
    },
  },
  {
    name: 'the ledger takes writes of an epoch that is over',
    breaks: '7 fenced drivers',
    scenario: having(sequentialTries, { crashes: 1 }),
    parts: {
      store: beforeFlush((batch, store) => ({
        ...batch,
        settles: batch.settles.map((write) => currentLease(write, store)),
      })),
    },
  },
  {
    name: 'the ledger takes what a driver hands back after its lease',
    breaks: '7 fenced drivers',
    scenario: having(sequentialTries, { crashes: 1, losses: 1 }),
    parts: {
      store: (port, store) => altered(port, { handBack: (write) => port.handBack(currentLease(write, store)) }),
    },
  },
  {
    name: 'a claim ignores that another lease stands',
    breaks: '7 fenced drivers',
    scenario: having(twoRecoveries, { crashes: 1 }),
    parts: {
      store: (port, { rows }) =>
        altered(port, {
          claim: (request) => {
            for (const row of rows.values()) if (row.decision !== undefined) row.dueAt = 0;
            return port.claim(request);
          },
        }),
    },
  },
];
