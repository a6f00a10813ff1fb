import type { Verdict } from './check.js';
import { CHECKS } from './checks.js';
import { lateCharges } from './effect-checks.js';
import { healthyRun, stateOf, type DoctoredRun } from './healthy-run.js';
import { Findings } from './state.js';

const CHARGE_LATE_MS = 10_000_000;

const verdictsOn = (run: DoctoredRun): Verdict[] => {
  const found = new Findings(stateOf(run));
  return CHECKS.map((check) => check({ events: run.events, found }));
};
const breached = (run: DoctoredRun): string[] =>
  verdictsOn(run)
    .filter(({ breaches }) => breaches.length > 0)
    .map(({ name }) => name);

/** The transaction that was told to this order's client, or else its only one. */
const xidOf = (run: DoctoredRun, orderId: string): string => {
  const told = run.events.find((event) => event.type === 'ok' && event.order.id === orderId);
  return told?.type === 'ok' ? told.receipt.xid : run.branches.find((branch) => branch.orderId === orderId)!.xid;
};
const transactionOf = (run: DoctoredRun, orderId: string): DoctoredRun['transactions'][number] =>
  run.transactions.find(({ xid }) => xid === xidOf(run, orderId))!;
const journalOf = (run: DoctoredRun, orderId: string, entry: string): DoctoredRun['journal'][number] =>
  run.journal.find((row) => row.key.startsWith(xidOf(run, orderId)) && row.entry === entry)!;
const barrierOf = (run: DoctoredRun, orderId: string): DoctoredRun['barriers'][number] =>
  run.barriers.find(({ xid }) => xid === xidOf(run, orderId))!;
const chargeOf = (run: DoctoredRun, orderId: string): DoctoredRun['charges'][number] =>
  run.charges.find((charge) => charge.orderId === orderId)!;

function remove<T>(list: T[], item: T): void {
  const index = list.indexOf(item);
  if (index < 0) throw new Error('there is no such thing to remove');
  list.splice(index, 1);
}

function changeEvent<T extends DoctoredRun['events'][number]['type']>(
  run: DoctoredRun,
  orderId: string,
  type: T,
  change: Partial<Extract<DoctoredRun['events'][number], { type: T }>>,
): void {
  const index = run.events.findIndex((event) => event.type === type && event.order.id === orderId);
  run.events[index] = { ...run.events[index]!, ...change };
}

/** Name of the check that has to see it, what is wrong, and how to make it so. */
const BREACHES: readonly (readonly [check: string, what: string, doctor: (run: DoctoredRun) => void])[] = [
  ['conservation', 'money came from nowhere', (run) => void (run.wallets[0]!.balance += 1)],
  [
    'conservation',
    'a bank lost what the other one gained',
    (run) => {
      run.wallets.find(({ database }) => database === 'north')!.balance -= 5;
      run.wallets.find(({ database }) => database === 'south')!.balance += 5;
    },
  ],
  ['conservation', 'points were given twice', (run) => void (run.wallets.at(-1)!.balance += 10)],
  [
    'nothing held',
    'a hold is left',
    (run) => void run.holds.push({ database: 'north', key: `${xidOf(run, 'order-refused')}:1` }),
  ],
  ['nothing held', 'an amount is still held', (run) => void (run.wallets[0]!.held = 3)],
  ['nothing held', 'an amount is still coming in', (run) => void (run.wallets[0]!.incoming = 3)],
  [
    'no acknowledged order lost',
    'its transaction is cancelled',
    (run) => void (transactionOf(run, 'order-done').status = 'cancelled'),
  ],
  [
    'no acknowledged order lost',
    'the ledger does not know it',
    (run) => remove(run.transactions, transactionOf(run, 'order-done')),
  ],
  [
    'no acknowledged order lost',
    'one of its confirms had no effect',
    (run) => remove(run.journal, journalOf(run, 'order-done', 'confirm')),
  ],
  [
    'no acknowledged order lost',
    'the transaction inside it is cancelled',
    (run) => {
      const told = run.events.find((event) => event.type === 'ok' && event.receipt.inner !== undefined);
      const inner = told?.type === 'ok' ? told.receipt.inner : undefined;
      run.transactions.find(({ xid }) => xid === inner?.xid)!.status = 'cancelled';
      run.journal.push({ ...run.journal.find(({ key }) => key === `${inner?.xid}:1`)!, entry: 'cancel' });
    },
  ],
  [
    'no acknowledged order lost',
    'it was acknowledged after its client had given up, and is not done',
    (run) => {
      changeEvent(run, 'order-done', 'ok', { late: true });
      transactionOf(run, 'order-done').status = 'cancelled';
    },
  ],
  [
    'no acknowledged order lost',
    'the card was charged as well as the points',
    (run) => void (chargeOf(run, 'order-fallback').status = 'captured'),
  ],
  [
    'no refused order effective',
    'a confirm took effect',
    (run) => void (journalOf(run, 'order-refused', 'cancel').entry = 'confirm'),
  ],
  [
    'no refused order effective',
    'a saga step was not taken back',
    (run) => {
      const saga = run.branches.find(({ orderId, kind }) => orderId === 'order-refused' && kind === 'saga')!;
      remove(
        run.journal,
        run.journal.find(({ key, entry }) => key === `${saga.xid}:${saga.seq}` && entry === 'cancel')!,
      );
    },
  ],
  [
    'one effect per order, and the same result for everybody',
    'both attempts were confirmed',
    (run) =>
      void (run.transactions.find(({ key, status }) => key === 'order-keyed' && status === 'cancelled')!.status =
        'confirmed'),
  ],
  [
    'one effect per order, and the same result for everybody',
    'the second caller got another result',
    (run) => changeEvent(run, 'order-keyed', 'ok', { text: 'something else' }),
  ],
  [
    'one effect per order, and the same result for everybody',
    'the ledger has another result than the callers',
    (run) => void (transactionOf(run, 'order-keyed').result = 'something else'),
  ],
  [
    'one effect per order, and the same result for everybody',
    'the ledger has no result',
    (run) => void (transactionOf(run, 'order-keyed').result = null),
  ],
  [
    'one effect per order, and the same result for everybody',
    'the same order was refused as another one',
    (run) => changeEvent(run, 'order-keyed', 'info', { type: 'fail', code: 'TCC_KEY_REUSE' } as never),
  ],
  [
    'outcomes told while in doubt stand',
    'it was told to be cancelled',
    (run) => changeEvent(run, 'order-doubtful', 'outcome', { status: 'cancelled' }),
  ],
  [
    'outcomes told while in doubt stand',
    'it was told to be unknown',
    (run) => changeEvent(run, 'order-doubtful', 'outcome', { status: undefined }),
  ],
  [
    'each branch effective exactly once',
    'a confirm ran twice',
    (run) => void run.journal.push(journalOf(run, 'order-done', 'confirm')),
  ],
  [
    'each branch effective exactly once',
    'a cancel ran twice',
    (run) => void run.journal.push(journalOf(run, 'order-refused', 'cancel')),
  ],
  [
    'each branch effective exactly once',
    'a cancel ran without a try',
    (run) => {
      const suspended = run.barriers.find(({ status }) => status === 'suspended')!;
      const { database, xid, seq } = suspended;
      run.journal.push({ database, key: `${xid}:${seq}`, orderId: 'order-refused', entry: 'cancel', amount: 1 });
    },
  ],
  [
    'each branch effective exactly once',
    'a branch ran that was never recorded',
    (run) => void run.journal.push({ ...run.journal[0]!, key: 'somebody:1' }),
  ],
  [
    'messages effective exactly once',
    'a message took effect twice',
    (run) => void run.journal.push(journalOf(run, 'order-keyed', 'message')),
  ],
  [
    'messages effective exactly once',
    'a message was never delivered',
    (run) => remove(run.journal, journalOf(run, 'order-keyed', 'message')),
  ],
  [
    'messages effective exactly once',
    'what follows a message is missing',
    (run) =>
      remove(
        run.transactions,
        run.transactions.find(({ name }) => name === 'follow-up')!,
      ),
  ],
  [
    'third party: at least once, no hold left, none doubled',
    'a charge was never captured',
    (run) => void (chargeOf(run, 'order-charged').status = 'held'),
  ],
  [
    'third party: at least once, no hold left, none doubled',
    'a hold is left that came in time',
    (run) => void (chargeOf(run, 'order-fallback').status = 'held'),
  ],
  [
    'third party: at least once, no hold left, none doubled',
    'a cancelled charge is captured',
    (run) => void (chargeOf(run, 'order-fallback').status = 'captured'),
  ],
  [
    'third party: at least once, no hold left, none doubled',
    'it was charged twice, under two keys',
    (run) => void run.charges.push({ ...chargeOf(run, 'order-charged'), key: `${xidOf(run, 'order-charged')}:9` }),
  ],
  [
    'barriers fit the decision',
    'a branch that is to confirm is cancelled',
    (run) => void (barrierOf(run, 'order-done').status = 'cancelled'),
  ],
  [
    'barriers fit the decision',
    'a branch that is to cancel is left tried',
    (run) => void (barrierOf(run, 'order-refused').status = 'tried'),
  ],
  [
    'barriers fit the decision',
    'a branch was settled without its barrier',
    (run) => remove(run.barriers, barrierOf(run, 'order-done')),
  ],
  [
    'barriers fit the decision',
    'a branch took effect that was never recorded',
    (run) => void run.barriers.push({ ...run.barriers[0]!, seq: 99 }),
  ],
  [
    'every transaction settled, nothing parked',
    'one is confirming still',
    (run) => void Object.assign(transactionOf(run, 'order-doubtful'), { status: 'confirming', settled: false }),
  ],
  [
    'every transaction settled, nothing parked',
    'one has no time of settling',
    (run) => void (transactionOf(run, 'order-done').settled = false),
  ],
  [
    'every transaction settled, nothing parked',
    'a branch is parked',
    (run) => void (run.branches[0]!.parkedBecause = 'TCC_BARRIER_REFUSED'),
  ],
  [
    'a decision never changes',
    'one was confirming before it was cancelled',
    (run) => void run.changes.push({ xid: run.transactions[0]!.xid, was: 'confirmed', became: 'cancelled' }),
  ],
  [
    'a decision never changes',
    'one was decided twice',
    (run) => void run.changes.unshift({ xid: run.transactions[0]!.xid, was: 'trying', became: 'confirming' }),
  ],
  [
    'a decision never changes',
    'one is not what it was decided to be',
    (run) => void run.changes.splice(0, 1, { ...run.changes[0]!, became: 'cancelling' }),
  ],
];

describe('the checks', () => {
  it('find nothing in a run that went as promised, and each has looked at something', () => {
    const verdicts = verdictsOn(healthyRun());
    expect(verdicts.flatMap(({ breaches }) => breaches)).toEqual([]);
    expect(verdicts.filter(({ checked }) => checked === 0)).toEqual([]);
  });

  it.each(BREACHES)('%s: see that %s', (check, _what, doctor) => {
    const run = healthyRun();
    doctor(run);
    expect(breached(run)).toContain(check);
  });

  it('are all in the table above, each with two breaches at least', () => {
    const planted = BREACHES.map(([check]) => check);
    for (const { name } of verdictsOn(healthyRun()))
      expect({ name, planted: planted.filter((each) => each === name).length >= 2 }).toEqual({ name, planted: true });
  });

  it('take the empty cancel of a branch whose registration had failed', () => {
    const run = healthyRun();
    run.barriers.push({ ...run.barriers[0]!, seq: 99, status: 'suspended' });
    expect(breached(run)).toEqual([]);
  });

  it('take an order whose end is unknown either way', () => {
    const run = healthyRun();
    changeEvent(run, 'order-done', 'ok', { type: 'info', code: 'no answer', xid: undefined } as never);
    expect(breached(run)).toEqual([]);
  });

  it('count a charge that came after its cancel was due, and do not call it a breach', () => {
    const run = healthyRun();
    Object.assign(chargeOf(run, 'order-fallback'), { status: 'held', at: CHARGE_LATE_MS });
    expect(breached(run)).toEqual([]);
    expect(lateCharges({ events: run.events, found: new Findings(stateOf(run)) })).toBe(1);
  });
});
