import { CHARGE_LIMIT_MS, FUNDS } from '../world/topology.js';
import { Check, type Run, type Verdict } from './check.js';
import { keyOf, nameOf, type BranchRow, type ChargeRow } from './state.js';

/** All money that there was is there, and each database has what its journal says. */
export function conservation({ found }: Run): Verdict {
  const check = new Check('conservation');
  const { wallets, journal } = found.state;
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, each) => total + each, 0);
  const money = wallets.filter(({ database }) => database !== 'points');
  const total = sum(money.map(({ balance, held }) => balance + held));
  check.that(total === FUNDS * money.length, () => ({
    what: `both banks together have ${total} instead of ${FUNDS * money.length}`,
  }));
  for (const database of ['north', 'south', 'points'] as const) {
    const own = wallets.filter((wallet) => wallet.database === database);
    const changes = journal.filter((row) => row.database === database).map((row) => changeOf(row, found.branches));
    const has = sum(own.map(({ balance }) => balance));
    const should = FUNDS * own.length + sum(changes);
    check.that(has === should, () => ({ what: `${database} has ${has}, by its journal it should be ${should}` }));
  }
  return check.verdict();
}

/** What a line of the journal does to balances in the end. */
function changeOf(
  { key, entry, amount }: { key: string; entry: string; amount: number },
  branches: ReadonlyMap<string, BranchRow>,
): number {
  if (branches.get(key)?.kind === 'saga') return entry === 'try' ? amount : -amount;
  return entry === 'confirm' ? amount : 0;
}

/** No reservation is left. */
export function nothingHeld({ found }: Run): Verdict {
  const check = new Check('nothing held');
  for (const { database, owner, held, incoming } of found.state.wallets) {
    check.that(held === 0 && incoming === 0, () => ({
      what: `${owner} in ${database} has ${held} held and ${incoming} coming in`,
    }));
  }
  for (const { database, key } of found.state.holds)
    check.that(false, () => ({ what: `a hold ${key} is left in ${database}`, xid: xidOf(key) }));
  return check.verdict();
}

/** Business code of each branch behind a barrier took effect exactly as often as the decision says. */
export function effectiveOnce({ found }: Run): Verdict {
  const check = new Check('each branch effective exactly once');
  for (const branch of found.state.branches) {
    if (branch.participant === 'third' || branch.kind === 'message') continue;
    const key = keyOf(branch);
    const ran = found.ran(key);
    const confirms = found.confirms(branch);
    const tried = (found.barriers.get(key) ?? []).some(({ status }) => status !== 'suspended');
    const should = {
      try: tried ? 1 : 0,
      confirm: confirms && branch.kind === 'tcc' ? 1 : 0,
      cancel: tried && !confirms ? 1 : 0,
      message: 0,
    };
    const holds = (Object.keys(should) as (keyof typeof should)[]).every((entry) => ran[entry] === should[entry]);
    check.that(holds, () => ({
      what: `${nameOf(branch)} ${branch.seq} ran ${JSON.stringify(ran)} instead of ${JSON.stringify(should)}`,
      orderId: branch.orderId,
      xid: branch.xid,
    }));
  }
  for (const key of found.journal.keys()) {
    check.that(found.branches.has(key), () => ({
      what: `business code ran for ${key}, which the ledger does not know`,
      xid: xidOf(key),
    }));
  }
  return check.verdict();
}

/** A message of a confirmed transaction took effect exactly once, of a cancelled one never. */
export function messagesOnce({ found }: Run): Verdict {
  const check = new Check('messages effective exactly once');
  for (const branch of found.state.branches) {
    if (branch.kind !== 'message') continue;
    const key = keyOf(branch);
    const times =
      branch.participant === 'third'
        ? (found.followUps.get(key) ?? []).filter(({ status }) => status === 'confirmed').length
        : found.ran(key).message;
    const should = found.confirms(branch) ? 1 : 0;
    check.that(times === should, () => ({
      what: `${nameOf(branch)} ${branch.seq} took effect ${times} times instead of ${should}`,
      orderId: branch.orderId,
      xid: branch.xid,
    }));
  }
  return check.verdict();
}

/**
 * A charge that reached the third party after its cancel was due: nobody can refuse it there, which is a stated
 * non-guarantee. Its process had stood still in between.
 */
const cameTooLate = (charge: ChargeRow, deadline: number): boolean =>
  charge.status === 'held' && charge.at > deadline + CHARGE_LIMIT_MS;

/** Without a barrier: what is confirmed is captured, of what is cancelled no hold is left, and nothing is charged twice. */
export function thirdPartyFits({ found }: Run): Verdict {
  const check = new Check('third party: at least once, no hold left, none doubled');
  for (const branch of found.state.branches) {
    if (nameOf(branch) !== 'third.charge') continue;
    const charge = found.charges.get(keyOf(branch));
    const deadline = found.transactions.get(branch.xid)?.deadline ?? 0;
    const fits = found.confirms(branch)
      ? charge?.status === 'captured' && charge.tries >= 1 && charge.captures >= 1
      : charge === undefined || charge.status === 'released' || cameTooLate(charge, deadline);
    check.that(fits, () => ({
      what: `a charge that is to ${found.confirms(branch) ? 'confirm' : 'cancel'} is ${charge?.status ?? 'unknown there'}`,
      orderId: branch.orderId,
      xid: branch.xid,
    }));
  }
  const captured = new Map<string, number>();
  for (const { key, orderId, status } of found.state.charges) {
    check.that(found.branches.has(key), () => ({
      what: `${key} was charged, and the ledger does not know it`,
      orderId,
    }));
    if (status === 'captured') captured.set(orderId, (captured.get(orderId) ?? 0) + 1);
  }
  for (const [orderId, times] of captured) check.that(times === 1, () => ({ what: `charged ${times} times`, orderId }));
  return check.verdict();
}

/** How many charges came too late to be refused. */
export const lateCharges = ({ found }: Run): number =>
  found.state.charges.filter((charge) => {
    const transaction = found.transactions.get(xidOf(charge.key));
    return transaction !== undefined && cameTooLate(charge, transaction.deadline);
  }).length;

const xidOf = (key: string): string => key.slice(0, key.lastIndexOf(':'));
