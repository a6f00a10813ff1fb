import type { BranchSetback, HandBackWrite, Lease } from 'nestjs-tcc';
import { branch, type LedgerDriver, LONG_MS } from './ledger-driver.js';
import type { TestGlobals } from './test-globals.js';

const TWO = { branches: [branch(), branch({ seq: 2, participant: 'points' })] };

const failed = (seq: number, dueInMs: number | undefined, change: Partial<BranchSetback> = {}): BranchSetback => ({
  seq,
  attempts: 1,
  postponements: 0,
  alerted: false,
  dueInMs,
  attempt: { phase: 'confirm', durationMs: 12.5, errorCode: 'ECONNREFUSED', errorMessage: 'connection refused' },
  ...change,
});

const back = (lease: Lease, change: Partial<HandBackWrite>): HandBackWrite => ({
  xid: lease.xid,
  owner: lease.owner,
  epoch: lease.epoch,
  settled: [],
  setbacks: [],
  instance: 'instance-1',
  ...change,
});

/** Hand back and backlog. */
export function describeHandBacks({ describe, it, expect }: TestGlobals, driver: () => LedgerDriver): void {
  describe('hand back', () => {
    it('records what settled and what did not, and ends the lease', async () => {
      const by = driver();
      const lease = await by.decided('confirming', TWO);
      const setback = failed(2, 0, { attempts: 3, postponements: 2, alerted: true });
      expect(await by.ledger.handBack(back(lease, { settled: [1], setbacks: [setback] }))).toBe(true);
      expect(await by.settle(lease, [1, 2])).toEqual({ answer: 'refused' });
      const [claimed] = await by.claim();
      expect(claimed?.epoch).toBe(2);
      expect(claimed?.branches).toMatchObject([
        { seq: 1, settled: true },
        { seq: 2, settled: false, parked: false, attempts: 3, postponements: 2, alerted: true },
      ]);
      // The next driver needs to settle only what is left.
      expect(await by.settle(claimed!, [2])).toEqual({ answer: 'done' });
    });

    it('in the middle of a drive records what became of branches, and the lease stands', async () => {
      const by = driver();
      const lease = await by.decided('confirming', TWO);
      expect(
        await by.ledger.handBack(back(lease, { setbacks: [failed(2, 0, { attempts: 3 })], keepsLease: true })),
      ).toBe(true);
      expect(await by.claim()).toEqual([]);
      expect(await by.ledger.branches(lease.xid)).toMatchObject([{ attempts: 0 }, { attempts: 3, parked: false }]);
      expect(await by.settle(lease, [1, 2])).toEqual({ answer: 'done' });
    });

    it('in the middle of a drive is refused once the lease is lost', async () => {
      const by = driver();
      const lease = await by.decided('confirming', TWO);
      await by.ledger.release([lease]);
      expect(await by.ledger.handBack(back(lease, { setbacks: [failed(2, 0)], keepsLease: true }))).toBe(false);
      expect(await by.ledger.branches(lease.xid)).toMatchObject([{ attempts: 0 }, { attempts: 0 }]);
    });

    it('makes due when the first of its branches is', async () => {
      const by = driver();
      const early = await by.decided('confirming', TWO);
      const late = await by.decided('confirming', TWO);
      await by.ledger.handBack(back(early, { setbacks: [failed(1, LONG_MS), failed(2, 0)] }));
      await by.ledger.handBack(back(late, { setbacks: [failed(1, LONG_MS), failed(2, LONG_MS)] }));
      const [claimed, ...others] = await by.claim();
      expect(claimed?.xid).toBe(early.xid);
      expect(others).toEqual([]);
      expect(claimed?.branches[0]?.dueInMs).toBeGreaterThan(LONG_MS / 2);
      expect(claimed?.branches[1]?.dueInMs).toBeLessThanOrEqual(0);
    });

    it('leaves what has settled without a due time', async () => {
      const by = driver();
      const first = await by.decided('confirming', TWO);
      await by.ledger.handBack(back(first, { setbacks: [failed(1, LONG_MS), failed(2, 0)] }));
      const [second] = await by.claim();
      await by.ledger.handBack(back(second!, { settled: [1], setbacks: [failed(2, 0)] }));
      expect((await by.ledger.branches(first.xid))[0]).toMatchObject({ settled: true, dueInMs: 0 });
    });

    it('settles the transaction when nothing is left', async () => {
      const by = driver();
      const first = await by.decided('cancelling', TWO);
      await by.ledger.handBack(back(first, { settled: [1], setbacks: [failed(2, 0)] }));
      const [second] = await by.claim();
      expect(await by.ledger.handBack(back(second!, { settled: [2] }))).toBe(true);
      expect(await by.ledger.find(first.xid)).toMatchObject({ status: 'cancelled' });
      expect(await by.claim()).toEqual([]);
      expect(await by.settle(second!, [2])).toEqual({ answer: 'done' });
      expect(await by.settle(first, [1, 2])).toEqual({ answer: 'refused' });
    });

    it('does nothing the second time', async () => {
      const by = driver();
      const lease = await by.decided('confirming');
      const write = back(lease, { setbacks: [failed(1, 0)] });
      await by.ledger.handBack(write);
      expect(await by.ledger.handBack(write)).toBe(false);
      expect(await by.ledger.renew([lease], LONG_MS)).toEqual(new Set());
      expect((await by.claim()).length).toBe(1);
    });

    it('parks: recovery does not come back, the decision stands', async () => {
      const by = driver();
      const lease = await by.decided('confirming');
      const parked = failed(1, undefined, { parkedBecause: 'TCC_BARRIER_REFUSED' });
      await by.ledger.handBack(back(lease, { setbacks: [parked] }));
      expect(await by.claim()).toEqual([]);
      expect(await by.ledger.find(lease.xid)).toMatchObject({ status: 'confirming', parked: 1 });
      expect((await by.ledger.branches(lease.xid))[0]).toMatchObject({ parked: true, settled: false });
    });

    it('keeps driving the others of a transaction with a parked branch, and never settles it', async () => {
      const by = driver();
      const first = await by.decided('confirming', TWO);
      await by.ledger.handBack(back(first, { setbacks: [failed(1, undefined), failed(2, 0)] }));
      const [second] = await by.claim();
      expect(second?.xid).toBe(first.xid);
      expect(await by.settle(second!, [2])).toEqual({ answer: 'refused' });
      expect(await by.ledger.handBack(back(second!, { settled: [2] }))).toBe(true);
      expect(await by.ledger.find(first.xid)).toMatchObject({ status: 'confirming', parked: 1 });
      expect(await by.claim()).toEqual([]);
    });

    it('has parked nothing any more once a driver has settled that as well', async () => {
      const by = driver();
      const first = await by.decided('confirming', TWO);
      await by.ledger.handBack(back(first, { setbacks: [failed(1, undefined), failed(2, 0)] }));
      const [second] = await by.claim();
      expect(await by.settle(second!, [1, 2])).toEqual({ answer: 'done' });
      expect(await by.ledger.find(first.xid)).toMatchObject({ status: 'confirmed', parked: 0 });
      expect(await by.ledger.backlog(by.service)).toEqual({ open: 0, parked: 0 });
    });

    it('keeps a branch that it does not mention due', async () => {
      const by = driver();
      const lease = await by.decided('confirming', TWO);
      await by.ledger.handBack(back(lease, { settled: [1] }));
      expect(await by.claim()).toMatchObject([{ xid: lease.xid }]);
    });
  });

  describe('backlog', () => {
    it('counts what is open, without what waits for an operator only', async () => {
      const by = driver();
      expect(await by.ledger.backlog(by.service)).toEqual({ open: 0, parked: 0 });
      await by.begin(by.newBegin());
      const [settled, parked, half] = [
        await by.decided('confirming'),
        await by.decided('cancelling'),
        await by.decided('confirming', TWO),
      ];
      expect(await by.ledger.backlog(by.service)).toEqual({ open: 4, parked: 0 });
      await by.settle(settled);
      await by.ledger.handBack(back(parked, { setbacks: [failed(1, undefined)] }));
      await by.ledger.handBack(back(half, { setbacks: [failed(1, undefined), failed(2, LONG_MS)] }));
      expect(await by.ledger.backlog(by.service)).toEqual({ open: 2, parked: 2 });
      expect(await by.ledger.backlog(`${by.service}-2`)).toEqual({ open: 0, parked: 0 });
    });
  });
}
