import type { Invariant } from '../world/history.js';

/** Money is free, held or gone; when all has settled, none is held. */
export const conservation: Invariant = {
  name: 'money is conserved',
  always({ database }) {
    for (const [name, wallet] of database.wallets.all())
      if (!wallet.isConserved) return `${name} has ${wallet.total} in all`;
    return undefined;
  },
  end({ database, scenario }) {
    for (const [name, { held }] of database.wallets.all())
      if (held.size > 0 && scenario.forged === undefined) return `${name} holds money for ${[...held.keys()].join()}`;
    return undefined;
  },
};
