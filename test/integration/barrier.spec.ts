import { DataSource } from 'typeorm';
import type { Phase } from '../../libs/tcc/src/core/status.js';
import type { BarrierCall } from '../../libs/tcc/src/barrier/barrier.port.js';
import { TypeOrmBarrier } from '../../libs/tcc/src/barrier/typeorm-barrier.js';
import { monotonicNow } from '../../libs/tcc/src/core/monotonic-clock.js';
import { noFaults } from '../../libs/tcc/src/core/fault-point.js';
import { branch, Hold, openBarrierBench, useBarrierBench, WAYS } from '../support/barrier-bench.js';
import { createTestDatabase } from '../support/database.js';

describe.each(WAYS)('TypeOrmBarrier, business code %s', (way) => {
  const bench = useBarrierBench(way);

  /** Writes a row, so that a phase that ran can be told from one that did not. */
  const insert = (key: string) => async (): Promise<string> => {
    await bench.dataSource.getRepository(Hold).insert({ key, account: 'a', amount: 1 });
    return key;
  };
  const stand = (call: BarrierCall, status: string) =>
    bench.observer.query('insert into tcc_barrier (xid, seq, status) values ($1, $2, $3)', [
      call.xid,
      call.seq,
      status,
    ]);

  // phase, status before, answer, status after; for a try, a tcc confirm, a message's confirm and a cancel
  const CELLS: [Phase, 'tcc' | 'message', string | undefined, string, string | undefined][] = [
    ['try', 'tcc', undefined, 'ran', 'tried'],
    ['try', 'tcc', 'suspended', 'TCC_LATE_TRY', 'suspended'],
    ['try', 'tcc', 'cancelled', 'TCC_LATE_TRY', 'cancelled'],
    ['try', 'tcc', 'tried', 'TCC_REPEATED_TRY', 'tried'],
    ['try', 'tcc', 'confirmed', 'TCC_REPEATED_TRY', 'confirmed'],
    ['confirm', 'tcc', 'tried', 'ran', 'confirmed'],
    ['confirm', 'tcc', 'confirmed', 'already', 'confirmed'],
    ['confirm', 'tcc', undefined, 'TCC_BARRIER_REFUSED', undefined],
    ['confirm', 'tcc', 'suspended', 'TCC_BARRIER_REFUSED', 'suspended'],
    ['confirm', 'tcc', 'cancelled', 'TCC_BARRIER_REFUSED', 'cancelled'],
    ['confirm', 'message', undefined, 'ran', 'confirmed'],
    ['confirm', 'message', 'confirmed', 'already', 'confirmed'],
    ['confirm', 'message', 'suspended', 'TCC_BARRIER_REFUSED', 'suspended'],
    ['confirm', 'message', 'cancelled', 'TCC_BARRIER_REFUSED', 'cancelled'],
    ['confirm', 'message', 'tried', 'TCC_BARRIER_REFUSED', 'tried'],
    ['cancel', 'tcc', undefined, 'empty', 'suspended'],
    ['cancel', 'tcc', 'tried', 'ran', 'cancelled'],
    ['cancel', 'tcc', 'cancelled', 'already', 'cancelled'],
    ['cancel', 'tcc', 'suspended', 'already', 'suspended'],
    ['cancel', 'tcc', 'confirmed', 'TCC_BARRIER_REFUSED', 'confirmed'],
    ['try', 'tcc', 'none of ours', 'TCC_BARRIER_BUSY', 'none of ours'],
    ['confirm', 'tcc', 'none of ours', 'TCC_BARRIER_REFUSED', 'none of ours'],
    ['confirm', 'message', 'none of ours', 'TCC_BARRIER_REFUSED', 'none of ours'],
    ['cancel', 'tcc', 'none of ours', 'TCC_BARRIER_REFUSED', 'none of ours'],
  ];

  it.each(CELLS)('%s of a %s branch that is %s: %s, then %s', async (phase, kind, before, answer, after) => {
    const of = branch({ kind });
    if (before) await stand(of.try, before);
    // Twice: a refusal must not turn into success by repetition.
    for (const expected of answer === 'ran' ? ['ran'] : [answer, answer === 'empty' ? 'already' : answer]) {
      const result = await bench.phase(of[phase], insert(of.key)).then(
        (done) => (done.ran ? 'ran' : done.why),
        (error: { code: string }) => error.code,
      );
      expect(result).toBe(expected);
    }
    expect(await bench.holds()).toEqual(answer === 'ran' ? [of.key] : []);
    expect(await bench.status(of.try)).toBe(after);
  });

  it('tells what it found when it refuses', async () => {
    const of = branch({ seq: 7 });
    await stand(of.try, 'cancelled');
    const refused = bench.phase(of.confirm, insert('x'));
    await expect(refused).rejects.toMatchObject({
      branch: 'payment.authorize',
      xid: of.try.xid,
      seq: 7,
      phase: 'confirm',
      found: 'cancelled',
    });
  });

  it('returns what the phase returned', async () => {
    const of = branch();
    expect(await bench.phase(of.try, insert(of.key))).toEqual({ ran: true, value: of.key });
    expect(await bench.phase(of.cancel, insert('c'))).toEqual({ ran: true, value: 'c' });
    expect(await bench.phase(of.cancel, insert('d'))).toEqual({ ran: false, why: 'already' });
  });

  it('runs an empty cancel that asks for it, once, and shuts the try out', async () => {
    const of = branch({ evenIfNotTried: true });
    expect(await bench.phase(of.cancel, insert('c'))).toEqual({ ran: true, value: 'c' });
    expect(await bench.phase(of.cancel, insert('d'))).toEqual({ ran: false, why: 'already' });
    expect(await bench.status(of.cancel)).toBe('suspended');
    await expect(bench.phase(of.try, insert('e'))).rejects.toMatchObject({ code: 'TCC_LATE_TRY' });
    expect(await bench.holds()).toEqual(['c']);
  });

  it('an empty cancel that asks for it and fails leaves nothing behind, so that it is run again', async () => {
    const of = branch({ evenIfNotTried: true });
    await expect(bench.phase(of.cancel, () => Promise.reject(new Error('away')))).rejects.toThrow('away');
    expect(await bench.status(of.cancel)).toBeUndefined();
    expect(await bench.phase(of.cancel, insert('c'))).toMatchObject({ ran: true });
  });

  it.each(['try', 'confirm', 'cancel'] as const)(
    '%s that throws its own error leaves row and status as they were',
    async (phase) => {
      const of = branch();
      if (phase !== 'try') await stand(of.try, 'tried');
      const own = new Error('card refused');
      const failed = bench.phase(of[phase], async () => {
        await insert(of.key)();
        throw own;
      });
      await expect(failed).rejects.toBe(own);
      expect(await bench.holds()).toEqual([]);
      expect(await bench.status(of.try)).toBe(phase === 'try' ? undefined : 'tried');
    },
  );

  it('commits only after what it waits for, and rolls back when that rejects', async () => {
    const seen: (string | undefined)[] = [];
    const registered = branch({ beforeCommit: async () => void seen.push(await bench.status(registered.try)) });
    await bench.phase(registered.try, insert(registered.key));
    expect(seen).toEqual([undefined]);
    expect(await bench.status(registered.try)).toBe('tried');

    const refused = branch({ beforeCommit: () => Promise.reject(new Error('registration refused')) });
    await expect(bench.phase(refused.try, insert(refused.key))).rejects.toThrow('registration refused');
    expect(await bench.status(refused.try)).toBeUndefined();
    expect(await bench.holds()).toEqual([registered.key]);
  });

  it('does not wait for the registration of a try that failed', async () => {
    const of = branch({ beforeCommit: () => new Promise(() => undefined) });
    await expect(bench.phase(of.try, () => Promise.reject(new Error('card refused')))).rejects.toThrow('card refused');
  });

  it('does not start a try without time left', async () => {
    const of = branch({ deadline: monotonicNow() });
    await expect(bench.phase(of.try, insert(of.key))).rejects.toMatchObject({ code: 'TCC_TIMED_OUT', xid: of.try.xid });
    expect(await bench.status(of.try)).toBeUndefined();
    expect(await bench.holds()).toEqual([]);
  });

  it('passes its fault points at the moments that they name', async () => {
    const of = branch();
    const seen: unknown[][] = [];
    bench.faults = (point) => (async () => void seen.push([point, await bench.status(of.try)]))();
    const business = async () => void seen.push(['business']);
    await bench.phase(of.try, business);
    await bench.phase(of.confirm, business);
    await expect(bench.phase(of.cancel, business)).rejects.toMatchObject({ code: 'TCC_BARRIER_REFUSED' });
    const started = (phase: Phase, status: string | undefined) => {
      const opened = [`barrier.${phase}.opened`, status];
      return [[`barrier.${phase}.opening`, status], ...(way === 'ahead' ? [['business'], opened] : [opened])];
    };
    const behind = way === 'ahead' ? [] : [['business']];
    const refused: unknown[][] = [
      ['barrier.cancel.opening', 'confirmed'],
      ['barrier.cancel.opened', 'confirmed'],
      ['barrier.cancel.rolled-back', 'confirmed'],
    ];
    const expected: unknown[][] = [
      ...started('try', undefined),
      ...behind,
      ['barrier.try.committing', undefined],
      ['barrier.try.committed', 'tried'],
      ...started('confirm', 'tried'),
      ...behind,
      ['barrier.confirm.committing', 'tried'],
      ['barrier.confirm.committed', 'confirmed'],
      // What ran ahead in vain is undone, and then the barrier speaks first.
      ...(way === 'ahead' ? [...started('cancel', 'confirmed'), ['barrier.cancel.rolled-back', 'confirmed']] : []),
      ...refused,
    ];
    expect(seen).toEqual(expected);
  });

  it.each(['opened', 'committing', 'committed'] as const)(
    'a failure at %s leaves either all or nothing',
    async (step) => {
      const of = branch();
      bench.faults = (point) => (point === `barrier.try.${step}` ? Promise.reject(new Error('crash')) : undefined);
      await expect(bench.phase(of.try, insert(of.key))).rejects.toThrow('crash');
      const kept = step === 'committed';
      expect([await bench.status(of.try), await bench.holds()]).toEqual(kept ? ['tried', [of.key]] : [undefined, []]);
    },
  );

  it.each(['off', 'local', 'remote_write', 'on', 'remote_apply'])(
    'a session with synchronous_commit %s is durable',
    async (setting) => {
      const own = await openBarrierBench(`${bench.database.url}?options=-c%20synchronous_commit%3D${setting}`, {}, way);
      try {
        const done = await own.phase(branch().try, () => own.dataSource.query('show synchronous_commit'));
        const expected = setting === 'remote_apply' ? 'remote_apply' : 'on';
        expect(done).toMatchObject({ value: [{ synchronous_commit: expected }] });
        // Of the transaction only.
        expect(await own.dataSource.query('show synchronous_commit')).toEqual([{ synchronous_commit: setting }]);
      } finally {
        await own.close();
      }
    },
  );

  it('refuses identifiers that it would have to quote', async () => {
    const evil = { ...branch().try, xid: `00000000-0000-0000-0000-000000000000', 1, 'tried'); drop table hold; --` };
    await expect(bench.phase(evil, insert('x'))).rejects.toThrow(TypeError);
    await expect(bench.phase({ ...branch().try, seq: 1.5 }, insert('x'))).rejects.toThrow(TypeError);
    expect(await bench.holds()).toEqual([]);
  });
});

describe('the schema of TypeOrmBarrier', () => {
  it('is for Postgres only', async () => {
    const mysql = Object.create(DataSource.prototype, { options: { value: { type: 'mysql' } } }) as DataSource;
    const open = new TypeOrmBarrier(mysql, { name: 'legacy', migrations: 'run', fault: noFaults }).open();
    await expect(open).rejects.toMatchObject({ code: 'TCC_CONFIGURATION', option: 'DataSource legacy' });
  });

  it('checks its schema instead of migrating when told so', async () => {
    const empty = await createTestDatabase();
    try {
      const elsewhere = await openBarrierBench(empty.url);
      const options = { name: 'bench', migrations: 'check', fault: noFaults } as const;
      await new TypeOrmBarrier(elsewhere.dataSource, options).open();
      await elsewhere.observer.query('drop table tcc_barrier, tcc_schema');
      const missing = new TypeOrmBarrier(elsewhere.dataSource, options).open();
      await expect(missing).rejects.toMatchObject({
        code: 'TCC_SCHEMA',
        component: 'barrier',
        database: 'bench',
        found: 0,
      });
      await elsewhere.close();
    } finally {
      await empty.drop();
    }
  });
});
