import fc from 'fast-check';
import type { BranchKind, Decision, Lease } from 'nestjs-tcc';
import { expectSame } from '../expect-same.js';
import type { LedgerPair } from './ledger-pair.js';
import { type LedgerModel, type ModelTransaction, STEP_MS } from './ledger-model.js';

/** What a sequence of commands works on. */
export interface LedgerState {
  readonly model: LedgerModel;
  readonly xids: readonly string[];
  readonly services: readonly string[];
  /** For a look at what was covered. */
  readonly see: (what: string) => void;
}

export type LedgerCommand = fc.AsyncCommand<LedgerState, LedgerPair>;

/** A lease that somebody shows: the one that stands, or any other. */
export interface Shown {
  readonly slot: number;
  readonly current: boolean;
  readonly owner: string;
  readonly epoch: number;
}

export const SEQS = [1, 2, 3] as const;
const OWNERS = ['a', 'b'] as const;

export const SLOTS = 3;
export const anySlot = fc.integer({ min: 0, max: SLOTS - 1 });
export const anyOwner = fc.constantFrom(...OWNERS);
export const anySteps = fc.integer({ min: 0, max: 3 });
export const anySeqs = fc.subarray([...SEQS]);
export const anyService = fc.constantFrom(0, 0, 0, 1);
const anyShown: fc.Arbitrary<Shown> = fc.record({
  slot: anySlot,
  current: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  owner: anyOwner,
  epoch: fc.integer({ min: 0, max: 3 }),
});
const anyLeases = fc.uniqueArray(anyShown, { minLength: 1, maxLength: 3, selector: ({ slot }) => slot });

export const KINDS: Record<number, BranchKind> = { 1: 'tcc', 2: 'saga', 3: 'message' };

export function leaseOf({ model, xids }: LedgerState, { slot, current, owner, epoch }: Shown): Lease {
  const xid = xids[slot]!;
  const row = model.transactions.get(xid);
  return current && row?.owner !== undefined ? { xid, owner: row.owner, epoch: row.epoch } : { xid, owner, epoch };
}

const held = ({ model }: LedgerState, { xid, owner, epoch }: Lease): ModelTransaction | undefined => {
  const row = model.transactions.get(xid);
  return row?.isHeldBy(owner, epoch) === true ? row : undefined;
};

/** What anybody can see must be what the model says. */
async function compare({ model, xids, services }: LedgerState, pair: LedgerPair): Promise<void> {
  const begun = xids.filter((xid) => model.transactions.has(xid));
  const looks = begun.map(async (xid) => {
    const row = model.transactions.get(xid)!;
    const view = await pair.find(xid);
    const found = view && { status: view.status, parked: view.parked };
    expectSame('found', found, { status: row.status, parked: row.parked });
    const branches = await pair.branches(xid, row.settled);
    const facts = (each: { seq: number; attempts: number; parked: boolean }): unknown[] => [
      each.seq,
      each.attempts,
      each.parked,
    ];
    const expected = [...row.branches.values()].sort((a, b) => a.seq - b.seq);
    expectSame('branches', branches.map(facts), expected.map(facts));
  });
  const counts = services.map(async (service) => {
    const rows = [...model.transactions.values()].filter((row) => row.begun.service === service);
    if (rows.length === 0) return;
    expectSame('backlog', await pair.backlog(service), {
      open: rows.filter(({ dueAt }) => dueAt !== Infinity).length,
      parked: rows.reduce((sum, row) => sum + row.parked, 0),
    });
  });
  await Promise.all([...looks, ...counts]);
}

/** A command from what it does; what it says of itself is what a counterexample shows. */
export function command(
  text: string,
  run: (state: LedgerState, pair: LedgerPair) => Promise<void>,
  check: (state: LedgerState) => boolean = () => true,
): LedgerCommand {
  return {
    check,
    run: async (state, pair) => {
      await run(state, pair);
      await compare(state, pair);
    },
    toString: () => text,
  };
}

const passTime = fc.integer({ min: 1, max: 2 }).map((howMany) =>
  command(`${howMany} steps pass`, async ({ model }, pair) => {
    model.now += howMany;
    await pair.pass(howMany);
  }),
);

const claim = fc
  .record({
    service: anyService,
    owner: anyOwner,
    lease: anySteps,
    one: fc.boolean(),
    except: fc.constantFrom([], [], [], [0], [0, 1]),
  })
  .map((asked) =>
    command(`claim ${JSON.stringify(asked)}`, async ({ model, services, xids, see }, pair) => {
      const { owner, lease } = asked;
      const service = services[asked.service]!;
      const except = asked.except.map((slot) => xids[slot]!);
      const due = model.due(service, except);
      const earliest = Math.min(...due.map(({ dueAt }) => dueAt));
      const first = due.filter(({ dueAt }) => dueAt === earliest);
      // which of two comes first within a step is nobody's promise
      const one = asked.one && first.length === 1;
      const expected = one ? first : due;
      const claimed = await pair.claim({ service, owner, leaseMs: lease * STEP_MS, limit: one ? 1 : 10, except });
      for (const row of expected) {
        see(`claim of ${row.status}`);
        row.claim(owner, lease, model.now);
      }
      const facts = expected.map((row) => ({
        xid: row.begun.xid,
        owner,
        epoch: row.epoch,
        decision: row.status as Decision,
        remainingMs: row.begun.deadline - model.now,
        decidedMsAgo: model.now - row.decidedAt,
        branches: [...row.branches.keys()].sort((a, b) => a - b),
      }));
      const found = claimed.map(({ xid, epoch, decision, remainingMs, decidedMsAgo, branches, ...rest }) => ({
        xid,
        owner: rest.owner,
        epoch,
        decision,
        remainingMs,
        decidedMsAgo,
        branches: branches.map(({ seq }) => seq),
      }));
      expectSame(
        'claimed',
        found,
        facts.sort((a, b) => (a.xid < b.xid ? -1 : 1)),
      );
    }),
  );

const renew = fc.tuple(anyLeases, anySteps).map(([shown, lease]) =>
  command(`renew ${JSON.stringify({ shown, lease })}`, async (state, pair) => {
    const leases = shown.map((each) => leaseOf(state, each));
    const renewed = leases.filter((each) => held(state, each) !== undefined);
    for (const each of renewed) held(state, each)?.renew(lease, state.model.now);
    const stood = renewed.map(({ xid }) => xid).sort();
    expectSame('renewed', await pair.renew(leases, lease * STEP_MS), stood);
    if (renewed.length > 0) state.see('renewed');
  }),
);

const release = anyLeases.map((shown) =>
  command(`release ${JSON.stringify(shown)}`, async (state, pair) => {
    const leases = shown.map((each) => leaseOf(state, each));
    for (const each of leases) held(state, each)?.release(state.model.now);
    await pair.release(leases);
  }),
);

const handBack = fc
  .record({
    shown: anyShown,
    settled: anySeqs,
    setbacks: fc.uniqueArray(
      fc.record({
        seq: fc.constantFrom(...SEQS),
        attempts: fc.integer({ min: 0, max: 9 }),
        postponements: fc.integer({ min: 0, max: 2 }),
        alerted: fc.boolean(),
        dueInSteps: fc.option(anySteps, { nil: undefined }),
        failed: fc.boolean(),
      }),
      { selector: ({ seq }) => seq },
    ),
  })
  .map((asked) =>
    command(`hand back ${JSON.stringify(asked)}`, async (state, pair) => {
      const lease = leaseOf(state, asked.shown);
      const row = state.model.transactions.get(lease.xid);
      // a driver speaks of branches that it was given, and either way
      const known = (seq: number): boolean => row?.branches.get(seq)?.settled === false;
      const settled = asked.settled.filter(known);
      const setbacks = asked.setbacks.filter(({ seq }) => known(seq) && !settled.includes(seq));
      const stands = held(state, lease);
      stands?.handBack(settled, setbacks, state.model.now);
      const written = await pair.handBack({
        ...lease,
        instance: `instance of ${lease.owner}`,
        settled,
        setbacks: setbacks.map(({ dueInSteps, failed, ...setback }) => ({
          ...setback,
          dueInMs: dueInSteps === undefined ? undefined : dueInSteps * STEP_MS,
          ...(dueInSteps === undefined ? { parkedBecause: 'it is of no use' } : {}),
          ...(failed
            ? { attempt: { phase: 'confirm', durationMs: 7, errorCode: 'E', errorMessage: `of ${setback.seq}` } }
            : {}),
        })),
      });
      expectSame('written', written, stands !== undefined);
      if (written) state.see(`handed back, then ${row?.status}`);
    }),
  );

/** All but the flushes. */
export const driverCommands: fc.Arbitrary<LedgerCommand>[] = [
  passTime,
  claim,
  claim,
  renew,
  release,
  handBack,
  handBack,
];
