import fc from 'fast-check';
import type { BeginWrite, BranchWrite, LedgerBatch, LedgerBatchAnswer } from 'nestjs-tcc';
import { expectSame } from '../expect-same.js';
import {
  anyOwner,
  anySeqs,
  anyService,
  anySlot,
  anySteps,
  command,
  KINDS,
  type LedgerCommand,
  type LedgerState,
  leaseOf,
  SLOTS,
} from './ledger-commands.js';
import { STEP_MS } from './ledger-model.js';
import type { LedgerPair } from './ledger-pair.js';

/** Begins all by themselves too: nothing else means anything before. */
const anyBegin = fc.record({
  kind: fc.constant('begin' as const),
  slot: anySlot,
  service: anyService,
  key: fc.constantFrom(undefined, 'k1', 'k1', 'k2'),
  fingerprint: fc.constantFrom('f1', 'f2'),
  deadline: fc.constantFrom(0, 1, 2, 4, 8),
  seqs: anySeqs,
});

const anyWrite = fc.oneof(
  anyBegin,
  fc.record({ kind: fc.constant('register' as const), slot: anySlot, seqs: anySeqs }),
  fc.record({
    kind: fc.constant('decide' as const),
    slot: anySlot,
    to: fc.constantFrom('confirming' as const, 'cancelling' as const),
    owner: anyOwner,
    lease: anySteps,
    result: fc.constantFrom('"r1"', '"r2"'),
  }),
  fc.record({
    kind: fc.constant('settle' as const),
    slot: anySlot,
    seqs: fc.constantFrom([1, 2, 3], [1, 2, 3], [1, 2], [3], []),
    current: fc.constantFrom(true, true, true, false),
    owner: anyOwner,
    epoch: fc.integer({ min: 1, max: 3 }),
  }),
);

type Asked = typeof anyWrite extends fc.Arbitrary<infer T> ? T : never;

/** What the last flush was, to be sent once more. */
const sent = new WeakMap<LedgerState, LedgerBatch>();

const branchesOf = (seqs: readonly number[]): BranchWrite[] =>
  seqs.map((seq) => ({
    seq,
    participant: `participant-${seq}`,
    method: 'try',
    kind: KINDS[seq]!,
    args: `[${seq}]`,
    ...(seq === 2 ? { timeLimitMs: 1_500 } : {}),
  }));

function batchOf(state: LedgerState, writes: readonly Asked[]): LedgerBatch {
  const { model, xids, services } = state;
  const of = <K extends Asked['kind']>(kind: K): Extract<Asked, { kind: K }>[] =>
    writes.filter((write): write is Extract<Asked, { kind: K }> => write.kind === kind);
  const begins = of('begin').map(({ slot, service, key, fingerprint, deadline, seqs }): BeginWrite => ({
    xid: xids[slot]!,
    service: services[service]!,
    name: 'checkout',
    order: 'together',
    baggage: {},
    deadline: performance.now() + deadline * STEP_MS,
    branches: branchesOf(seqs),
    ...(key === undefined ? {} : { key, fingerprint }),
  }));
  const touched = writes.map(({ slot }) => xids[slot]!);
  return {
    // Who holds a key is read after the flush, when the holder may have freed it: then nobody can say who was refused.
    begins: begins
      .filter(({ service, key, xid }) => {
        const holder = key === undefined ? undefined : model.holderOf({ service, key })?.begun.xid;
        return holder === undefined || holder === xid || !touched.includes(holder);
      })
      // one that sends two with one key lets the older one win, as the order of the statement does
      .sort((a, b) => (a.xid < b.xid ? -1 : 1)),
    registers: of('register').map(({ slot, seqs }) => ({ xid: xids[slot]!, branches: branchesOf(seqs) })),
    decides: of('decide').map(({ slot, to, owner, lease, result }) => ({
      xid: xids[slot]!,
      to,
      owner,
      leaseMs: lease * STEP_MS,
      outcomes: { 1: { confirm: to === 'confirming', answered: true, result: `"of 1 by ${owner}"` } },
      ...(to === 'confirming' ? { result } : {}),
    })),
    settles: of('settle').map(({ seqs, ...shown }) => ({ ...leaseOf(state, shown), seqs })),
  };
}

/** What the model answers to a batch, and what it makes of it. */
function expected({ model, see }: LedgerState, batch: LedgerBatch): LedgerBatchAnswer {
  const { now } = model;
  return {
    begins: batch.begins.map(({ xid, service, key, fingerprint, deadline, branches }) => {
      const steps = Math.round((deadline - performance.now()) / STEP_MS);
      const holder = model.begin({ xid, service, key, fingerprint, deadline: now + steps, branches });
      if (!holder) return { answer: 'done', status: model.transactions.get(xid)!.status };
      see(`key held by ${holder.status}`);
      const { begun, status, result } = holder;
      const remainingMs = begun.deadline - now;
      return {
        answer: 'refused',
        holder: { xid: begun.xid, status, fingerprint: begun.fingerprint, result, remainingMs },
      };
    }),
    registers: batch.registers.map(({ xid, branches }) => {
      const row = model.transactions.get(xid);
      return row?.register(branches, now) === true ? { answer: 'done' } : { answer: 'refused', status: row?.status };
    }),
    decides: batch.decides.map(({ xid, to, owner, leaseMs, result }) => {
      const row = model.transactions.get(xid);
      return row?.decide(to, { owner, result, leaseSteps: leaseMs / STEP_MS }, now) ?? NOT_THERE;
    }),
    settles: batch.settles.map(({ xid, owner, epoch, seqs }) => ({
      answer: model.transactions.get(xid)?.settle(owner, epoch, seqs) === true ? 'done' : 'refused',
    })),
  };
}

const NOT_THERE = { answer: 'refused', status: undefined } as const;

async function send(state: LedgerState, pair: LedgerPair, batch: LedgerBatch): Promise<void> {
  const answer = await pair.flush(batch);
  expectSame('answers', answer, expected(state, batch));
  for (const [kind, answers] of Object.entries(answer) as [string, readonly { answer: string }[]][])
    for (const each of answers) state.see(`${kind} ${each.answer}`);
}

const flushOf = (any: fc.Arbitrary<Asked>): fc.Arbitrary<LedgerCommand> =>
  fc.uniqueArray(any, { minLength: 1, maxLength: SLOTS, selector: ({ slot }) => slot }).map((writes) =>
    command(`flush ${JSON.stringify(writes)}`, async (state, pair) => {
      const batch = batchOf(state, writes);
      sent.set(state, batch);
      await send(state, pair, batch);
    }),
  );

/** The last flush had an answer that nobody heard of: it is sent again, now or when others have written since. */
const sendAgain = fc.constant(null).map(() =>
  command(
    'send the last flush again',
    async (state, pair) => {
      const batch = sent.get(state)!;
      state.see('sent again');
      await send(state, pair, batch);
    },
    (state) => sent.has(state),
  ),
);

export const flushCommands: fc.Arbitrary<LedgerCommand>[] = [
  flushOf(anyBegin),
  flushOf(anyWrite),
  flushOf(anyWrite),
  flushOf(anyWrite),
  sendAgain,
];
