import type { BeginWrite } from 'nestjs-tcc';
import type { LedgerDriver } from './ledger-driver.js';
import type { TestGlobals } from './test-globals.js';

/** Idempotency keys. */
export function describeKeys({ describe, it, expect }: TestGlobals, driver: () => LedgerDriver): void {
  describe('key', () => {
    const flushBegins = (to: LedgerDriver, begins: readonly BeginWrite[]) =>
      to.ledger.flush({ begins, registers: [], decides: [], settles: [] });

    it('is held by the transaction that began with it', async () => {
      const to = driver();
      const first = to.newBegin({ key: 'k', fingerprint: 'f1' });
      const second = to.newBegin({ key: 'k', fingerprint: 'f2' });
      await to.begin(first);
      const answer = await to.begin(second);
      expect(answer).toMatchObject({
        answer: 'refused',
        holder: { xid: first.xid, status: 'trying', fingerprint: 'f1', result: undefined },
      });
      expect(answer.answer === 'refused' ? answer.holder.remainingMs : 0).toBeGreaterThan(0);
      expect(await to.ledger.find(second.xid)).toBe(undefined);
    });

    it('binds within one service and one name only', async () => {
      const to = driver();
      await to.begin(to.newBegin({ key: 'k' }));
      expect(await to.begin(to.newBegin({ key: 'k', name: 'refund' }))).toMatchObject({ answer: 'done' });
      expect(await to.begin(to.newBegin({ key: 'k', service: `${to.service}-2` }))).toMatchObject({ answer: 'done' });
      expect(await to.begin(to.newBegin({ key: 'K' }))).toMatchObject({ answer: 'done' });
    });

    it('has one holder of two in one batch, and does not disturb the others', async () => {
      const to = driver();
      const rivals = [to.newBegin({ key: 'k' }), to.newBegin({ key: 'k' })];
      const bystander = to.newBegin();
      const { begins } = await flushBegins(to, [rivals[0]!, bystander, rivals[1]!]);
      const [one, , other] = begins;
      expect(begins[1]).toMatchObject({ answer: 'done' });
      expect(one?.answer === 'done').toBe(other?.answer === 'refused');
      const winner = one?.answer === 'done' ? rivals[0] : rivals[1];
      const loser = one?.answer === 'done' ? other : one;
      expect(loser).toMatchObject({ holder: { xid: winner?.xid, status: 'trying' } });
    });

    it('gives what was stored with the decision to confirm, before and after it has settled', async () => {
      const to = driver();
      const first = to.newBegin({ key: 'k' });
      await to.begin(first);
      await to.decide(first.xid, 'confirming', { result: '"receipt"' });
      const replay = { xid: first.xid, result: '"receipt"' };
      expect(await to.begin(to.newBegin({ key: 'k' }))).toMatchObject({ holder: { ...replay, status: 'confirming' } });
      await to.settle({ xid: first.xid, owner: to.owner, epoch: 1 });
      expect(await to.begin(to.newBegin({ key: 'k' }))).toMatchObject({ holder: { ...replay, status: 'confirmed' } });
    });

    it('is freed by the decision to cancel', async () => {
      const to = driver();
      await to.decided('cancelling', { key: 'k' });
      expect(await to.begin(to.newBegin({ key: 'k' }))).toEqual({ answer: 'done', status: 'trying' });
    });

    it('is freed when recovery cancels at the deadline, and not before', async () => {
      const to = driver();
      await to.begin(to.newBegin({ key: 'k', deadline: 0, branches: [] }));
      const refused = await to.begin(to.newBegin({ key: 'k' }));
      expect(refused).toMatchObject({ answer: 'refused', holder: { status: 'trying' } });
      expect(refused.answer === 'refused' ? refused.holder.remainingMs : 1).toBeLessThanOrEqual(0);
      await to.claim();
      expect(await to.begin(to.newBegin({ key: 'k' }))).toMatchObject({ answer: 'done' });
    });

    it('belongs to the new holder although the old one is driven on and settles later', async () => {
      const to = driver();
      const { xid } = await to.decided('cancelling', { key: 'k' }, 0);
      const second = to.newBegin({ key: 'k' });
      await to.begin(second);
      const third = to.newBegin({ key: 'k' });
      const [old] = await to.claim();
      expect(old?.xid).toBe(xid);
      expect(await to.begin(third)).toMatchObject({ holder: { xid: second.xid } });
      await to.settle(old!);
      expect(await to.begin(third)).toMatchObject({ holder: { xid: second.xid } });
    });

    it('does not deadlock when two batches take the same keys crosswise', async () => {
      const to = driver();
      for (let round = 0; round < 10; round++) {
        const keys = ['a', 'b', 'c'].map((key) => `${key}${round}`);
        const batch = (order: readonly string[]) => order.map((key) => to.newBegin({ key }));
        const [there, back] = await Promise.all([
          flushBegins(to, batch(keys)),
          flushBegins(to, batch([...keys].reverse())),
        ]);
        const winners = keys.map(
          (_, index) =>
            [there.begins[index], back.begins[keys.length - 1 - index]].filter((a) => a?.answer === 'done').length,
        );
        expect(winners).toEqual([1, 1, 1]);
      }
    });
  });
}
