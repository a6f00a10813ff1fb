import { branch, type LedgerDriver, LONG_MS, newXid } from './ledger-driver.js';
import type { TestGlobals } from './test-globals.js';

/** Removal of what settled long ago. */
export function describePurges({ describe, it, expect }: TestGlobals, driver: () => LedgerDriver): void {
  /** Purges until the end is reached. A shared store holds transactions of other drivers, which are looked at as well. */
  const purgeAll = async (by: LedgerDriver, limit?: number): Promise<number> => {
    let removed = 0;
    let after: string | undefined;
    for (let more = true; more;) {
      const answer = await by.purge({ ...(limit === undefined ? {} : { limit }), after });
      removed += answer.removed;
      after = answer.upTo;
      more = answer.more;
    }
    return removed;
  };

  describe('purge', () => {
    it('removes what has settled, confirmed or cancelled, with its branches', async () => {
      const by = driver();
      const confirmed = await by.decided('confirming', { branches: [branch(), branch({ seq: 2 })] });
      await by.settle(confirmed, [1, 2]);
      const leases = [confirmed, await by.settled('cancelling')];
      expect(await purgeAll(by)).toBe(2);
      for (const { xid } of leases) {
        expect(await by.ledger.find(xid)).toBe(undefined);
        expect(await by.ledger.branches(xid)).toEqual([]);
      }
      expect(await purgeAll(by)).toBe(0);
    });

    it('leaves what settled less than that ago', async () => {
      const by = driver();
      const { xid } = await by.settled('confirming');
      const { removed } = await by.purge({ retentionMs: LONG_MS });
      expect(removed).toBe(0);
      expect(await by.ledger.find(xid)).toMatchObject({ status: 'confirmed' });
    });

    it('leaves what has not settled: trying, being driven, parked', async () => {
      const by = driver();
      const trying = by.newBegin();
      await by.begin(trying);
      const driven = await by.decided('cancelling');
      const parked = await by.decided('confirming');
      await by.ledger.handBack({
        ...parked,
        settled: [],
        setbacks: [{ seq: 1, attempts: 1, postponements: 0, alerted: true, dueInMs: undefined, parkedBecause: 'x' }],
        instance: 'i',
      });
      expect(await purgeAll(by)).toBe(0);
      expect(await by.ledger.find(trying.xid)).toMatchObject({ status: 'trying' });
      expect(await by.settle(driven)).toEqual({ answer: 'done' });
      expect(await by.ledger.find(parked.xid)).toMatchObject({ status: 'confirming', parked: 1 });
    });

    it('leaves what other services settled', async () => {
      const by = driver();
      const { xid } = await by.settled('confirming', { service: `${by.service}-2` });
      expect(await purgeAll(by)).toBe(0);
      expect(await by.ledger.find(xid)).toMatchObject({ status: 'confirmed' });
    });

    it('frees the key', async () => {
      const by = driver();
      const key = 'order-1';
      await by.settled('confirming', { key, fingerprint: 'f' });
      const again = by.newBegin({ key, fingerprint: 'f' });
      expect(await by.begin(again)).toMatchObject({ answer: 'refused' });
      await purgeAll(by);
      expect(await by.begin(again)).toEqual({ answer: 'done', status: 'trying' });
    });

    it('refuses writes to what it removed', async () => {
      const by = driver();
      const lease = await by.settled('confirming');
      await purgeAll(by);
      expect(await by.decide(lease.xid, 'confirming')).toEqual({ answer: 'refused', status: undefined });
      expect(await by.register(lease.xid, branch({ seq: 2 }))).toEqual({ answer: 'refused', status: undefined });
      expect(await by.settle(lease)).toEqual({ answer: 'refused' });
      expect(await by.ledger.branches(lease.xid)).toEqual([]);
    });

    it('looks at as many as it is told, and goes on behind the last one', async () => {
      const by = driver();
      // of the first minutes of 1970, where nothing else lies
      const [first, second, third] = ['1', '2', '3'].map((minute) => `0000000${minute}${newXid().slice(8)}`) as [
        string,
        string,
        string,
      ];
      for (const xid of [third, first, second]) await by.settled('confirming', { xid });
      expect(await by.purge({ limit: 1 })).toEqual({ removed: 1, upTo: first, more: true });
      expect(await by.purge({ after: second, limit: 1 })).toEqual({ removed: 1, upTo: third, more: true });
      expect(await by.ledger.find(second)).toMatchObject({ status: 'confirmed' });
      expect(await by.purge({ after: first, limit: 1 })).toEqual({ removed: 1, upTo: second, more: true });
    });

    it('tells that it has reached the end', async () => {
      const by = driver();
      await by.settled('confirming');
      const { upTo, more } = await by.purge({ limit: 1_000_000 });
      expect({ upTo: typeof upTo, more }).toEqual({ upTo: 'string', more: false });
      expect(await by.purge({ after: 'ffffffff-ffff-7fff-bfff-ffffffffffff' })).toEqual({
        removed: 0,
        upTo: undefined,
        more: false,
      });
    });

    it('shares the work between two that purge at once', async () => {
      const by = driver();
      for (let index = 0; index < 20; index++) await by.settled('confirming');
      const shares = await Promise.all([purgeAll(by, 5), purgeAll(by, 5)]);
      const rest = await purgeAll(by); // what one passed over because the other had it locked
      expect(shares[0] + shares[1] + rest).toBe(20);
    });
  });
}
