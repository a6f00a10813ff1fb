import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { noFaults, type FaultHook } from '../../libs/tcc/src/core/fault-point.js';
import { GroupCommit } from '../../libs/tcc/src/ledger/group-commit.js';
import { LedgerFailure } from '../../libs/tcc/src/ledger/ledger-failure.js';
import type { LedgerBatch, LedgerBatchAnswer } from '../../libs/tcc/src/ledger/ledger.types.js';
import { DONE, FakeLedger } from '../support/fake-ledger.js';
import { aBegin, aBranch, aDecision, OWNER } from '../support/ledger-fixture.js';

const make = (timeoutMs = 60_000, fault: FaultHook = noFaults): { ledger: FakeLedger; commits: GroupCommit } => {
  const ledger = new FakeLedger();
  return { ledger, commits: new GroupCommit(ledger, { timeoutMs, fault }) };
};
const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));
const settlement = (xid = aBegin().xid) => ({ xid, owner: OWNER, epoch: 1, seqs: [1] });
const rejection = (work: Promise<unknown>): Promise<LedgerFailure> =>
  work.then(
    () => Promise.reject(new Error('it went through')),
    (error: unknown) => error as LedgerFailure,
  );

describe('flushes', () => {
  it('take what is pending at one moment, one at a time, the next as soon as the last is back', async () => {
    const { ledger, commits } = make();
    const registration = { xid: aBegin().xid, branches: [aBranch()] };
    const first = [commits.begin(aBegin()), commits.register(registration), commits.decide(aDecision(aBegin().xid))];
    const one = await ledger.next();
    expect([one.batch.begins.length, one.batch.registers.length, one.batch.decides.length]).toEqual([1, 1, 1]);
    const second = [commits.begin(aBegin()), commits.begin(aBegin())];
    await turn();
    await turn();
    expect(ledger.batches).toHaveLength(1);
    one.done();
    await Promise.all(first);
    const two = await ledger.next();
    expect(two.batch.begins).toHaveLength(2);
    two.done();
    await Promise.all(second);
    expect(ledger.most).toBe(1);
  });

  it('leave at once for a caller who is alone; behind one with many they wait for the turn of the event loop', async () => {
    const { ledger, commits } = make();
    const alone = commits.begin(aBegin());
    await tick();
    expect(ledger.batches).toHaveLength(1);
    (await ledger.next()).done();
    await alone;
    const many = [commits.begin(aBegin()), commits.begin(aBegin())];
    (await ledger.next()).done();
    await Promise.all(many);
    const behind = commits.begin(aBegin());
    await tick();
    expect(ledger.batches).toHaveLength(2);
    (await ledger.next()).done();
    await behind;
  });

  it('let everything else run, though the ledger answers without I/O', async () => {
    const ledger = { flush: (batch: LedgerBatch) => Promise.resolve(DONE.answer!(batch)) };
    const commits = new GroupCommit(ledger, { timeoutMs: 60_000, fault: noFaults });
    let others = false;
    setImmediate(() => (others = true));
    for (let begun = 0; begun < 1_000 && !others; begun++) await commits.begin(aBegin());
    expect(others).toBe(true);
  });

  it('never hold two writes of one transaction, and keep their order', async () => {
    const { ledger, commits } = make();
    Object.assign(ledger, DONE);
    const begin = aBegin();
    const answers = await Promise.all([
      commits.begin(begin),
      commits.decide(aDecision(begin.xid)),
      commits.settle(settlement(begin.xid)),
    ]);
    expect(answers.map(({ answer }) => answer)).toEqual(['done', 'done', 'done']);
    expect(
      ledger.batches.map((batch) => Object.entries(batch).flatMap(([kind, { length }]) => (length > 0 ? [kind] : []))),
    ).toEqual([['begins'], ['decides'], ['settles']]);
  });

  it('carry a bounded number of writes, and all in the end', async () => {
    const { ledger, commits } = make();
    Object.assign(ledger, DONE);
    await Promise.all(Array.from({ length: 1_200 }, () => commits.settle(settlement())));
    expect(Math.max(...ledger.batches.map(({ settles }) => settles.length))).toBeLessThan(1_200);
    expect(ledger.batches.flatMap(({ settles }) => settles)).toHaveLength(1_200);
  });
});

describe('an overloaded ledger', () => {
  it('takes no further transaction, and the rest of those that it has', async () => {
    const { ledger, commits } = make();
    const begins = Array.from({ length: 10_000 }, () => aBegin());
    const begun = Promise.all(begins.map((begin) => commits.begin(begin)));
    expect(await rejection(commits.begin(aBegin()))).toMatchObject({ kind: 'unavailable' });
    const registered = commits.register({ xid: begins[0]!.xid, branches: [aBranch({ seq: 2 })] });
    Object.assign(ledger, DONE);
    expect(await registered).toEqual({ answer: 'done' });
    expect(await begun).toHaveLength(10_000);
  });
});

describe('a settlement', () => {
  it('waits for others, and goes with them in a flush that there is another reason for', async () => {
    const { ledger, commits } = make();
    const one = commits.settle(settlement());
    const first = commits.begin(aBegin());
    const early = await ledger.next();
    expect([early.batch.begins.length, early.batch.settles.length]).toEqual([1, 0]);
    // longer than it waits; with a flush in flight it cannot leave by itself
    await pause(60);
    // it has not waited, and goes along
    const other = commits.settle(settlement());
    early.done();
    await first;
    const second = commits.begin(aBegin());
    const late = await ledger.next();
    expect([late.batch.begins.length, late.batch.settles.length]).toEqual([1, 2]);
    late.done();
    await Promise.all([one, other, second]);
  });

  it('goes alone when nothing follows, and at once when the queue is drained', async () => {
    const { ledger, commits } = make();
    const settled = commits.settle(settlement());
    (await ledger.next()).done();
    await settled;
    const last = commits.settle(settlement());
    const drained = commits.drain();
    for (let turns = 2; turns > 0; turns--) await turn();
    expect(ledger.batches).toHaveLength(2);
    (await ledger.next()).done();
    await Promise.all([last, drained]);
  });
});

describe('registrations', () => {
  it('pending with their begin are written with it, and answered as it is', async () => {
    const { ledger, commits } = make();
    const begin = aBegin();
    const pending = [
      commits.begin(begin),
      ...[2, 3].map((seq) => commits.register({ xid: begin.xid, branches: [aBranch({ seq })] })),
    ];
    const flush = await ledger.next();
    expect(flush.batch.begins.map(({ branches }) => branches.map(({ seq }) => seq))).toEqual([[1, 2, 3]]);
    expect(flush.batch.registers).toEqual([]);
    flush.done({ begins: [{ answer: 'done', status: 'cancelling' }] });
    expect(await Promise.all(pending)).toEqual([
      { answer: 'done', status: 'cancelling' },
      { answer: 'refused', status: 'cancelling' },
      { answer: 'refused', status: 'cancelling' },
    ]);
  });

  it('are never added to a begin that was sent before: it may be there, and would insert nothing', async () => {
    const { ledger, commits } = make();
    const begin = aBegin();
    const begun = commits.begin(begin);
    const first = await ledger.next();
    const registered = commits.register({ xid: begin.xid, branches: [aBranch({ seq: 2 })] });
    first.fail('unknown');
    const second = await ledger.next();
    expect(second.batch.begins.map(({ branches }) => branches.map(({ seq }) => seq))).toEqual([[1]]);
    expect(second.batch.registers).toEqual([]);
    second.done();
    await begun;
    const third = await ledger.next();
    expect(third.batch.registers.map(({ branches }) => branches.map(({ seq }) => seq))).toEqual([[2]]);
    third.done();
    expect(await registered).toEqual({ answer: 'done' });
  });

  it('of one transaction that wait together go together', async () => {
    const { ledger, commits } = make();
    const busy = commits.settle(settlement());
    const first = await ledger.next();
    const { xid } = aBegin();
    const pending = [2, 3].map((seq) => commits.register({ xid, branches: [aBranch({ seq })] }));
    first.done();
    await busy;
    const second = await ledger.next();
    expect(second.batch.registers).toHaveLength(1);
    second.done({ registers: [{ answer: 'refused', status: 'confirming' }] });
    expect(await Promise.all(pending)).toEqual([2, 3].map(() => ({ answer: 'refused', status: 'confirming' })));
  });
});

describe('a skipped write', () => {
  it('is sent again in a later flush, while others go on', async () => {
    const { ledger, commits } = make();
    const held = commits.decide(aDecision(aBegin().xid));
    (await ledger.next()).done({ decides: [{ answer: 'skipped' }] });
    const other = commits.begin(aBegin());
    const flush = await ledger.next();
    expect([flush.batch.decides.length, flush.batch.begins.length]).toEqual([0, 1]);
    flush.done();
    await other;
    (await ledger.next()).done();
    expect(await held).toMatchObject({ answer: 'done' });
  });

  it('waits longer each time', async () => {
    const { ledger, commits } = make();
    const sent: number[] = [];
    ledger.answer = (batch) => {
      sent.push(performance.now());
      if (sent.length < 6) return { begins: [], registers: [], settles: [], decides: [{ answer: 'skipped' }] };
      return DONE.answer?.(batch) as LedgerBatchAnswer;
    };
    await commits.decide(aDecision(aBegin().xid));
    const gaps = sent.slice(1).map((at, index) => at - (sent[index] ?? 0));
    // At least as long as said; a busy machine only makes them longer.
    expect(gaps.map((gap, index) => gap >= 5 * 2 ** index - 1)).toEqual([true, true, true, true, true]);
  });

  it('is given up as unavailable in the end', async () => {
    const { ledger, commits } = make(100);
    ledger.answer = () => ({ begins: [], registers: [], settles: [], decides: [{ answer: 'skipped' }] });
    expect(await rejection(commits.decide(aDecision(aBegin().xid)))).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a failed flush', () => {
  it('that was rejected is halved until the bad write stands alone, and only that one is rejected', async () => {
    const { ledger, commits } = make();
    const settlements = Array.from({ length: 9 }, () => settlement());
    ledger.answer = (batch) => {
      if (batch.settles.some(({ xid }) => xid === settlements[5]?.xid))
        throw new LedgerFailure('rejected', new Error('bad row'));
      return DONE.answer?.(batch) as LedgerBatchAnswer;
    };
    const answers = await Promise.allSettled(settlements.map((write) => commits.settle(write)));
    expect(answers.map(({ status }) => status)).toEqual(
      settlements.map((_, index) => (index === 5 ? 'rejected' : 'fulfilled')),
    );
    expect(answers[5]).toMatchObject({ reason: { kind: 'rejected' } });
  });

  it('that was rejected for a registration folded into a begin rejects the registration, not the begin', async () => {
    const { ledger, commits } = make();
    ledger.answer = (batch) => {
      const all = [...batch.begins, ...batch.registers].flatMap(({ branches }) => branches);
      if (all.some(({ args }) => args === 'bad')) throw new LedgerFailure('rejected', new Error('bad row'));
      return DONE.answer?.(batch) as LedgerBatchAnswer;
    };
    const begin = aBegin();
    const answers = await Promise.allSettled([
      commits.begin(begin),
      commits.register({ xid: begin.xid, branches: [aBranch({ seq: 2, args: 'bad' })] }),
      commits.register({ xid: begin.xid, branches: [aBranch({ seq: 3 })] }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('by a conflict is sent again whole', async () => {
    const { ledger, commits } = make();
    const pending = [commits.settle(settlement()), commits.settle(settlement())];
    (await ledger.next()).fail('conflict');
    const again = await ledger.next();
    expect(again.batch.settles).toHaveLength(2);
    again.done();
    await Promise.all(pending);
  });

  it('with unknown outcome is sent again; given up, it is unknown though the last sending was not', async () => {
    const { ledger, commits } = make(300);
    let sendings = 0;
    ledger.answer = () => {
      throw new LedgerFailure(sendings++ === 0 ? 'unknown' : 'unavailable', new Error('away'));
    };
    const decision = rejection(commits.decide(aDecision(aBegin().xid)));
    expect(await decision).toMatchObject({ name: 'LedgerFailure', kind: 'unknown' });
    expect(sendings).toBeGreaterThan(1);
  });

  it('that may have arrived is not called rejected by a later sending', async () => {
    const { ledger, commits } = make();
    const decision = rejection(commits.decide(aDecision(aBegin().xid)));
    (await ledger.next()).fail('unknown');
    (await ledger.next()).fail('rejected');
    expect(await decision).toMatchObject({ kind: 'unknown' });
  });

  it('while the ledger is away is unavailable once the patience is over', async () => {
    const { ledger, commits } = make(200);
    ledger.answer = () => {
      throw new LedgerFailure('unavailable', new Error('refused'));
    };
    const before = performance.now();
    expect(await rejection(commits.begin(aBegin()))).toMatchObject({ kind: 'unavailable' });
    expect(performance.now() - before).toBeGreaterThanOrEqual(199);
    await commits.drain();
  });

  it.each(['after the failure', 'while the flush was on its way'])(
    'does not keep new writes waiting for the pause of the old ones: written %s',
    async (when) => {
      const { ledger, commits } = make();
      const old = commits.settle(settlement());
      // Pauses of 25, 50, … 800 ms, and then 1000 ms.
      for (let failures = 0; failures < 6; failures++) (await ledger.next()).fail('unavailable');
      const last = await ledger.next();
      last.fail('unavailable');
      if (when === 'after the failure') await turn();
      const before = performance.now();
      const fresh = commits.settle(settlement());
      const flush = await ledger.next();
      expect(performance.now() - before).toBeLessThan(700);
      // And what waited rides along.
      expect(flush.batch.settles).toHaveLength(2);
      flush.done();
      await Promise.all([old, fresh]);
    },
  );

  it('is not repeated beyond the deadline of a begin or a registration', async () => {
    const { ledger, commits } = make();
    ledger.answer = () => {
      throw new LedgerFailure('unavailable', new Error('refused'));
    };
    const deadline = performance.now() + 150;
    const { xid } = aBegin();
    const given = await Promise.all([
      rejection(commits.begin(aBegin({ deadline }))),
      rejection(commits.register({ xid, branches: [aBranch()] }, deadline)),
    ]);
    expect(given.map(({ kind }) => kind)).toEqual(['unavailable', 'unavailable']);
    expect(performance.now()).toBeLessThan(deadline + 5_000);
  });

  it('with an answer missing is unknown, and sent again', async () => {
    const { ledger, commits } = make();
    const decision = commits.decide(aDecision(aBegin().xid));
    (await ledger.next()).done({ decides: [] });
    (await ledger.next()).done();
    expect(await decision).toMatchObject({ answer: 'done' });
  });
});

describe('drain', () => {
  it('resolves when nothing is pending or in flight, not before', async () => {
    const { ledger, commits } = make();
    await commits.drain();
    void commits.settle(settlement());
    const flush = await ledger.next();
    let drained = false;
    const draining = commits.drain().then(() => (drained = true));
    await turn();
    expect(drained).toBe(false);
    flush.done();
    await draining;
  });
});

describe('fault points', () => {
  it('name each kind in a flush with its transactions, before and after', async () => {
    const seen: string[] = [];
    const { ledger, commits } = make(60_000, (point, { xids }) => {
      seen.push(`${point} ${xids.length}`);
      return undefined;
    });
    Object.assign(ledger, DONE);
    await Promise.all([commits.begin(aBegin()), commits.begin(aBegin()), commits.decide(aDecision(aBegin().xid))]);
    expect(seen).toEqual([
      'ledger.begin.sending 2',
      'ledger.decide.sending 1',
      'ledger.begin.done 2',
      'ledger.decide.done 1',
    ]);
  });

  it.each([
    ['sending', 'unavailable', 0],
    ['done', 'unknown', 1],
  ] as const)('that fail at %s make the outcome %s', async (step, kind, least) => {
    const { ledger, commits } = make(50, (point) =>
      point.endsWith(step) ? Promise.reject(new Error('fault')) : undefined,
    );
    Object.assign(ledger, DONE);
    expect(await rejection(commits.settle(settlement()))).toMatchObject({ kind });
    expect(ledger.batches.length > 0).toBe(least > 0);
  });
});
