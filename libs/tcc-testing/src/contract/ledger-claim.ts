import { branch, type LedgerDriver, LONG_MS } from './ledger-driver.js';
import type { TestGlobals } from './test-globals.js';

/** Claim, renew, release and the fence. */
export function describeClaims({ describe, it, expect }: TestGlobals, driver: () => LedgerDriver): void {
  describe('claim', () => {
    it('leaves alone what is not due', async () => {
      const by = driver();
      await by.begin(by.newBegin());
      await by.decided('confirming');
      expect(await by.claim()).toEqual([]);
    });

    it('takes over what was decided once its lease has run out, as it was stored', async () => {
      const by = driver();
      const write = by.newBegin({
        order: 'sequence',
        baggage: { tenant: 'acme' },
        branches: [branch(), branch({ seq: 2 })],
      });
      await by.begin(write);
      const outcomes = { 1: { confirm: true, answered: true, result: '"h"' }, 2: { confirm: false, answered: false } };
      await by.decide(write.xid, 'confirming', { outcomes, leaseMs: 0 });
      const [claimed, ...others] = await by.claim();
      expect(others).toEqual([]);
      expect(claimed).toMatchObject({
        xid: write.xid,
        owner: 'driver-2',
        epoch: 2,
        name: 'checkout',
        decision: 'confirming',
        outcomes,
        order: 'sequence',
        baggage: { tenant: 'acme' },
      });
      expect(claimed?.branches.map(({ seq, args, settled }) => ({ seq, args, settled }))).toEqual([
        { seq: 1, args: '["order"]', settled: false },
        { seq: 2, args: '["order"]', settled: false },
      ]);
      expect(claimed?.remainingMs).toBeGreaterThan(LONG_MS / 2);
      expect(claimed?.remainingMs).toBeLessThanOrEqual(LONG_MS);
      expect(claimed?.decidedMsAgo).toBeGreaterThan(-1);
      for (const { dueInMs } of claimed?.branches ?? []) expect(dueInMs).toBeLessThanOrEqual(0);
    });

    it('cancels in the same step what is still trying past its deadline', async () => {
      const by = driver();
      const write = by.newBegin({ deadline: 0 });
      await by.begin(write);
      const [claimed] = await by.claim();
      expect(claimed).toMatchObject({ xid: write.xid, epoch: 1, decision: 'cancelling', outcomes: {} });
      expect(claimed?.remainingMs).toBeLessThanOrEqual(0);
      expect(await by.ledger.find(write.xid)).toMatchObject({ status: 'cancelling' });
      expect(await by.decide(write.xid, 'confirming')).toEqual({ answer: 'refused', status: 'cancelling' });
      expect(await by.decide(write.xid, 'cancelling')).toMatchObject({ answer: 'done', leased: false });
    });

    it('leases what it takes: the next claim finds nothing', async () => {
      const by = driver();
      await by.decided('cancelling', {}, 0);
      expect((await by.claim()).length).toBe(1);
      expect(await by.claim()).toEqual([]);
    });

    it('raises the epoch each time', async () => {
      const by = driver();
      await by.decided('cancelling', {}, 0);
      const epochs = [];
      for (let turn = 0; turn < 3; turn++) epochs.push((await by.claim({ leaseMs: 0 }))[0]?.epoch);
      expect(epochs).toEqual([2, 3, 4]);
    });

    it('keeps to its service, its limit and what is not excepted', async () => {
      const by = driver();
      const due = [];
      for (let index = 0; index < 3; index++) due.push(await by.decided('confirming', {}, 0));
      const other = `${by.service}-2`;
      await by.decided('confirming', { service: other }, 0);
      const except = due.slice(0, 1).map(({ xid }) => xid);
      const first = await by.claim({ limit: 1, except });
      const second = await by.claim({ limit: 100, except });
      expect([first.length, second.length]).toEqual([1, 1]);
      expect([...first, ...second].map(({ xid }) => xid).sort()).toEqual(
        due
          .slice(1)
          .map(({ xid }) => xid)
          .sort(),
      );
      expect((await by.claim({ service: other })).length).toBe(1);
    });

    it('takes first what has been due longest', async () => {
      const by = driver();
      const [late, early] = [-1_000, -2_000].map((deadline) => by.newBegin({ deadline }));
      await by.begin(late!);
      await by.begin(early!);
      expect(await by.claim({ limit: 1 })).toMatchObject([{ xid: early!.xid }]);
    });

    it('shares the work between two that claim at once', async () => {
      const by = driver();
      const due: string[] = [];
      for (let index = 0; index < 20; index++) due.push((await by.decided('confirming', {}, 0)).xid);
      const shares = await Promise.all([by.claim({ owner: 'a', limit: 10 }), by.claim({ owner: 'b', limit: 10 })]);
      const rest = await by.claim(); // what one passed over because the other had it locked
      expect(
        [...shares, rest]
          .flat()
          .map(({ xid }) => xid)
          .sort(),
      ).toEqual(due.sort());
    });
  });

  describe('a driver that lost its lease', () => {
    it('settles nothing', async () => {
      const by = driver();
      const [lost, current] = await by.takenOver();
      expect(await by.settle(lost)).toEqual({ answer: 'refused' });
      expect(await by.settle(current)).toEqual({ answer: 'done' });
    });

    it('hands nothing back', async () => {
      const by = driver();
      const [lost] = await by.takenOver();
      expect(await by.ledger.handBack({ ...lost, settled: [1], setbacks: [], instance: 'i' })).toBe(false);
      expect((await by.ledger.branches(lost.xid))[0]?.settled).toBe(false);
      expect(await by.ledger.find(lost.xid)).toMatchObject({ status: 'confirming' });
    });

    it('renews and releases nothing', async () => {
      const by = driver();
      const [lost, current] = await by.takenOver();
      expect(await by.ledger.renew([lost], LONG_MS)).toEqual(new Set());
      await by.ledger.release([lost]);
      expect(await by.claim()).toEqual([]);
      expect(await by.ledger.renew([current], LONG_MS)).toEqual(new Set([current.xid]));
    });
  });

  describe('renew', () => {
    it('extends the leases that stand and names them', async () => {
      const by = driver();
      const standing = await by.decided('confirming', {}, 0);
      const lease = await by.decided('confirming', {}, 0);
      const stolen = { ...lease, owner: 'another' };
      expect(await by.ledger.renew([standing, stolen], LONG_MS)).toEqual(new Set([standing.xid]));
      expect((await by.claim()).map(({ xid }) => xid)).toEqual([lease.xid]);
    });

    it('does not revive what has settled', async () => {
      const by = driver();
      const lease = await by.decided('confirming');
      await by.settle(lease);
      expect(await by.ledger.renew([lease], LONG_MS)).toEqual(new Set());
    });
  });

  describe('release', () => {
    it('makes due at once, under a new epoch, and ends the lease', async () => {
      const by = driver();
      const lease = await by.decided('confirming');
      await by.ledger.release([lease]);
      expect(await by.settle(lease)).toEqual({ answer: 'refused' });
      expect(await by.claim()).toMatchObject([{ xid: lease.xid, epoch: 2 }]);
    });

    it('wakes who listens for that service, until they stop', async () => {
      const by = driver();
      const [own, foreign] = [
        await by.decided('confirming'),
        await by.decided('confirming', { service: `${by.service}-2` }),
      ];
      const woken: string[] = [];
      let wake = (): void => {};
      const awake = new Promise<void>((resolve) => (wake = resolve));
      const stopDeaf = await by.ledger.onRelease(by.service, () => woken.push('stopped'));
      await stopDeaf();
      const stopOther = await by.ledger.onRelease(`${by.service}-3`, () => woken.push('other service'));
      const stop = await by.ledger.onRelease(by.service, () => {
        woken.push('own');
        wake();
      });
      await by.ledger.release([foreign]);
      await by.ledger.release([own]);
      await awake;
      expect(woken).toEqual(['own']);
      await Promise.all([stop(), stopOther()]);
    });
  });
}
