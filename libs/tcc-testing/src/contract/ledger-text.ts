import { branch, type LedgerDriver } from './ledger-driver.js';
import type { TestGlobals } from './test-globals.js';

/** Texts that stores choke on. Spelled by code point, so that no tool on the way can repair them. */
const NASTY = [
  ['a NUL', `a${String.fromCharCode(0)}b`],
  ['a lone high surrogate', `a${String.fromCharCode(0xd83d)}`],
  ['a lone low surrogate', `${String.fromCharCode(0xde00)}b`],
  ['a million characters', '€'.repeat(1_000_000)],
  ['quotes and escapes', `'"\\u0000\\x00$1{}`],
] as const;

/** Texts: errors of business code may say anything, and must never fail a write. */
export function describeTexts({ describe, it, expect }: TestGlobals, driver: () => LedgerDriver): void {
  describe('text', () => {
    for (const [what, text] of NASTY) {
      it(`of an error may hold ${what}`, async () => {
        const by = driver();
        const lease = await by.decided('confirming');
        const attempt = { phase: 'confirm', durationMs: 1, errorCode: text, errorMessage: text } as const;
        const setback = { seq: 1, attempts: 1, postponements: 0, alerted: false, dueInMs: undefined, attempt };
        const write = { ...lease, settled: [], setbacks: [{ ...setback, parkedBecause: text }], instance: text };
        expect(await by.ledger.handBack(write)).toBe(true);
        expect((await by.ledger.branches(lease.xid))[0]).toMatchObject({ parked: true, attempts: 1 });
      });
    }

    for (const [what, text] of NASTY) {
      it(`of arguments with ${what} is kept exactly or refused, and refused without any effect`, async () => {
        const by = driver();
        const write = by.newBegin({ branches: [branch({ args: text })] });
        const refused: unknown = await by.begin(write).then(
          () => undefined,
          (error: unknown) => error,
        );
        const stored = await by.ledger.branches(write.xid);
        if (refused === undefined) expect(stored[0]?.args === text).toBe(true);
        else {
          expect(refused).toMatchObject({ name: 'LedgerFailure', kind: 'rejected' });
          expect(await by.ledger.find(write.xid)).toBe(undefined);
        }
      });
    }

    it('comes back as it was stored: arguments, outcomes, results', async () => {
      const by = driver();
      const args = JSON.stringify(['ü€😀', String.fromCharCode(0), '\\', 'x'.repeat(300_000)]);
      const result = JSON.stringify({ nul: String.fromCharCode(0), quote: `'"` });
      const write = by.newBegin({ key: 'ключ-🔑', branches: [branch({ args })] });
      await by.begin(write);
      const outcomes = { 1: { confirm: true, answered: true, result } };
      await by.decide(write.xid, 'confirming', { outcomes, result, leaseMs: 0 });
      const [claimed] = await by.claim();
      expect(claimed?.branches[0]?.args === args).toBe(true);
      expect(claimed?.outcomes).toEqual(outcomes);
      expect(await by.begin(by.newBegin({ key: 'ключ-🔑' }))).toMatchObject({ holder: { result } });
    });
  });
}
