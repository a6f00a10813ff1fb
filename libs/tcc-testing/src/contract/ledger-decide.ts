import { branch, type LedgerDriver, LONG_MS, newXid } from './ledger-driver.js';
import type { TestGlobals } from './test-globals.js';

/** Decide and settle. */
export function describeDecisions({ describe, it, expect }: TestGlobals, driver: () => LedgerDriver): void {
  describe('decide', () => {
    for (const [to, other] of [
      ['confirming', 'cancelling'],
      ['cancelling', 'confirming'],
    ] as const) {
      it(`${to} stands, and the other one is told`, async () => {
        const by = driver();
        const write = by.newBegin();
        await by.begin(write);
        expect(await by.decide(write.xid, to)).toEqual({ answer: 'done', status: to, leased: true });
        expect(await by.decide(write.xid, other)).toEqual({ answer: 'refused', status: to });
        expect(await by.ledger.find(write.xid)).toMatchObject({ status: to });
      });

      it(`${to} is done again when it is sent again, and leased to its first sender only`, async () => {
        const by = driver();
        const { xid } = await by.decided(to);
        expect(await by.decide(xid, to)).toEqual({ answer: 'done', status: to, leased: true });
        expect(await by.decide(xid, to, { owner: 'another' })).toEqual({ answer: 'done', status: to, leased: false });
      });

      it(`${to} sent again after a takeover is done and not leased`, async () => {
        const by = driver();
        const [{ xid }] = await by.takenOver(to);
        expect(await by.decide(xid, to)).toEqual({ answer: 'done', status: to, leased: false });
      });

      it(`${to} sent again after it has settled is done`, async () => {
        const by = driver();
        const lease = await by.decided(to);
        await by.settle(lease);
        const status = to === 'confirming' ? 'confirmed' : 'cancelled';
        expect(await by.decide(lease.xid, to)).toMatchObject({ answer: 'done', status });
        expect(await by.decide(lease.xid, other)).toEqual({ answer: 'refused', status });
      });
    }

    it('is not leased to who finds it cancelled by its own recovery', async () => {
      const by = driver();
      const write = by.newBegin({ deadline: 0 });
      await by.begin(write);
      await by.claim({ owner: by.owner });
      expect(await by.decide(write.xid, 'cancelling')).toEqual({ answer: 'done', status: 'cancelling', leased: false });
    });

    it('is refused for a transaction that was never begun', async () => {
      expect(await driver().decide(newXid(), 'cancelling')).toEqual({ answer: 'refused', status: undefined });
    });

    it('to confirm is refused after the deadline, to cancel is not', async () => {
      const by = driver();
      const write = by.newBegin({ deadline: 0 });
      await by.begin(write);
      expect(await by.decide(write.xid, 'confirming')).toEqual({ answer: 'refused', status: 'trying' });
      expect(await by.decide(write.xid, 'cancelling')).toMatchObject({ answer: 'done', leased: true });
    });

    it('lets one of two that race win', async () => {
      const by = driver();
      for (let round = 0; round < 10; round++) {
        const { xid } = by.newBegin();
        await by.begin(by.newBegin({ xid }));
        const answers = await Promise.all([
          by.decide(xid, 'confirming', { owner: 'initiator' }),
          by.decide(xid, 'cancelling', { owner: 'recovery' }),
        ]);
        expect(answers.map(({ answer }) => answer).sort()).toEqual(['done', 'refused']);
        const status = answers[0].answer === 'done' ? 'confirming' : 'cancelling';
        expect(await by.ledger.find(xid)).toMatchObject({ status });
      }
    });
  });

  describe('settle', () => {
    for (const [decision, status] of [
      ['confirming', 'confirmed'],
      ['cancelling', 'cancelled'],
    ] as const) {
      it(`ends ${decision} as ${status}, also when it is sent again`, async () => {
        const by = driver();
        const lease = await by.decided(decision, {}, 0);
        expect(await by.settle(lease)).toEqual({ answer: 'done' });
        expect(await by.settle(lease)).toEqual({ answer: 'done' });
        expect(await by.ledger.find(lease.xid)).toMatchObject({ status });
        expect(await by.claim()).toEqual([]);
      });
    }

    it('is refused while the ledger holds a branch that the driver did not settle', async () => {
      const by = driver();
      const lease = await by.decided('cancelling', { branches: [branch(), branch({ seq: 2 })] });
      expect(await by.settle(lease, [1])).toEqual({ answer: 'refused' });
      expect(await by.ledger.find(lease.xid)).toMatchObject({ status: 'cancelling' });
      expect(await by.settle(lease, [1, 2])).toEqual({ answer: 'done' });
    });

    it('is refused to another owner, to another epoch and before the decision', async () => {
      const by = driver();
      const lease = await by.decided('confirming');
      expect(await by.settle({ ...lease, owner: 'another' })).toEqual({ answer: 'refused' });
      expect(await by.settle({ ...lease, epoch: 2 })).toEqual({ answer: 'refused' });
      const undecided = by.newBegin();
      await by.begin(undecided);
      expect(await by.settle({ ...lease, xid: undecided.xid })).toEqual({ answer: 'refused' });
      expect(await by.settle({ ...lease, xid: newXid() })).toEqual({ answer: 'refused' });
      expect(await by.ledger.find(lease.xid)).toMatchObject({ status: 'confirming' });
      expect(await by.ledger.find(undecided.xid)).toMatchObject({ status: 'trying' });
    });
  });

  describe('flush', () => {
    it('answers in the order of the writes, whatever becomes of each', async () => {
      const by = driver();
      const [late, open, done] = [by.newBegin({ deadline: 0 }), by.newBegin(), await by.decided('confirming')];
      await by.begin(late);
      await by.begin(open);
      const [held, fresh] = [by.newBegin({ key: 'k' }), by.newBegin({ key: 'other' })];
      await by.begin(by.newBegin({ key: 'k' }));
      const second = await by.decided('cancelling');
      const decide = { to: 'confirming' as const, outcomes: {}, owner: by.owner, leaseMs: LONG_MS };
      const undecided = by.newBegin();
      await by.begin(undecided);
      const answers = await by.ledger.flush({
        begins: [held, fresh],
        registers: [
          { xid: late.xid, branches: [branch({ seq: 2 })] },
          { xid: open.xid, branches: [branch({ seq: 2 })] },
        ],
        decides: [
          { ...decide, xid: newXid() },
          { ...decide, xid: undecided.xid },
        ],
        settles: [
          { ...second, epoch: 9, seqs: [1] },
          { ...done, seqs: [1] },
        ],
      });
      expect(answers.begins).toMatchObject([{ answer: 'refused' }, { answer: 'done' }]);
      expect(answers.registers).toEqual([{ answer: 'refused', status: 'trying' }, { answer: 'done' }]);
      expect(answers.decides).toMatchObject([{ answer: 'refused', status: undefined }, { answer: 'done' }]);
      expect(answers.settles).toEqual([{ answer: 'refused' }, { answer: 'done' }]);
    });

    it('answers nothing to nothing', async () => {
      const nothing = { begins: [], registers: [], decides: [], settles: [] };
      expect(await driver().ledger.flush(nothing)).toEqual(nothing);
    });
  });
}
