import { branch, type LedgerDriver, newXid } from './ledger-driver.js';
import type { TestGlobals } from './test-globals.js';

const PASSED = { deadline: 0 };

/** Begin and register. */
export function describeBegins({ describe, it, expect }: TestGlobals, driver: () => LedgerDriver): void {
  describe('begin', () => {
    it('stores the transaction with its branches', async () => {
      const to = driver();
      const branches = [
        branch({ seq: 2, participant: 'sms', method: 'send', kind: 'message', args: '[]' }),
        branch({ seq: 1, timeLimitMs: 1_500 }),
      ];
      const write = to.newBegin({ branches });
      expect(await to.begin(write)).toEqual({ answer: 'done', status: 'trying' });
      expect(await to.ledger.find(write.xid)).toEqual({
        xid: write.xid,
        name: 'checkout',
        status: 'trying',
        parked: 0,
      });
      const fresh = { settled: false, parked: false, attempts: 0, postponements: 0, alerted: false };
      const stored = await to.ledger.branches(write.xid);
      expect(stored.map(({ seq }) => seq)).toEqual([1, 2]);
      expect(stored[0]).toMatchObject({ ...branch(), ...fresh, timeLimitMs: 1_500 });
      expect(stored[1]).toMatchObject({ participant: 'sms', method: 'send', kind: 'message', args: '[]', ...fresh });
      expect(stored[1]?.timeLimitMs).toBe(undefined);
    });

    it('changes nothing when it is sent again', async () => {
      const to = driver();
      const write = to.newBegin({ key: 'order-1' });
      await to.begin(write);
      expect(await to.begin(write)).toEqual({ answer: 'done', status: 'trying' });
      expect((await to.ledger.branches(write.xid)).length).toBe(1);
    });

    it('tells a begin that is sent again that it was cancelled meanwhile', async () => {
      const to = driver();
      const write = to.newBegin();
      await to.begin(write);
      await to.decide(write.xid, 'cancelling');
      expect(await to.begin(write)).toEqual({ answer: 'done', status: 'cancelling' });
    });

    it('knows no transaction that was never begun', async () => {
      const { ledger } = driver();
      expect(await ledger.find(newXid())).toBe(undefined);
      expect(await ledger.branches(newXid())).toEqual([]);
      expect(await ledger.find('no xid')).toBe(undefined);
    });
  });

  describe('register', () => {
    it('adds branches, once', async () => {
      const to = driver();
      const { xid } = await begun(to);
      const added = branch({ seq: 2, participant: 'points' });
      expect(await to.register(xid, added)).toEqual({ answer: 'done' });
      expect(await to.register(xid, added)).toEqual({ answer: 'done' });
      expect((await to.ledger.branches(xid)).map(({ participant }) => participant)).toEqual(['payment', 'points']);
    });

    it('is refused for a transaction that was never begun', async () => {
      expect(await driver().register(newXid(), branch())).toEqual({ answer: 'refused', status: undefined });
    });

    for (const decision of ['confirming', 'cancelling'] as const) {
      it(`is refused after the decision: ${decision}`, async () => {
        const to = driver();
        const { xid } = await to.decided(decision);
        expect(await to.register(xid, branch({ seq: 2 }))).toEqual({ answer: 'refused', status: decision });
        expect((await to.ledger.branches(xid)).length).toBe(1);
      });
    }

    it('is refused after the decision also when it was done before', async () => {
      const to = driver();
      const { xid } = await begun(to);
      await to.register(xid, branch({ seq: 2 }));
      await to.decide(xid, 'cancelling');
      // Its sender never heard of the first one: its try must not start.
      expect(await to.register(xid, branch({ seq: 2 }))).toEqual({ answer: 'refused', status: 'cancelling' });
      expect((await to.ledger.branches(xid)).length).toBe(2);
    });

    it('is refused after the deadline', async () => {
      const to = driver();
      const { xid } = await begun(to, PASSED);
      expect(await to.register(xid, branch({ seq: 2 }))).toEqual({ answer: 'refused', status: 'trying' });
      expect((await to.ledger.branches(xid)).length).toBe(1);
    });

    it('is seen by the decision or refused by it, whichever comes first', async () => {
      const to = driver();
      for (let round = 0; round < 10; round++) {
        const { xid } = await begun(to);
        const [registered] = await Promise.all([to.register(xid, branch({ seq: 2 })), to.decide(xid, 'cancelling')]);
        // Read after the decision committed: a registration that said "done" must be there, a refused one never is.
        const seqs = (await to.ledger.branches(xid)).map(({ seq }) => seq);
        expect(seqs).toEqual(registered.answer === 'done' ? [1, 2] : [1]);
      }
    });
  });
}

async function begun(to: LedgerDriver, change: Parameters<LedgerDriver['newBegin']>[0] = {}): Promise<{ xid: string }> {
  const write = to.newBegin(change);
  await to.begin(write);
  return write;
}
