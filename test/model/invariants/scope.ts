import type { Invariant } from '../world/history.js';

/** A try outside a transaction, or after its initiator has returned, is refused and leaves no trace. */
export const scope: Invariant = {
  name: '9 no silent loss of scope',
  always({ asides, store, scenario }) {
    for (const { expected, code } of asides)
      if (code !== expected) return `what should be ${expected} was ${code ?? 'done'}`;
    for (const [xid, { branches }] of store.rows)
      if (branches.size > scenario.branches) return `${xid} has ${branches.size} branches`;
    return undefined;
  },
};
