import { type BarrierFinding, type BarrierRuling, type BarrierStatus, ruleOn } from './barrier-ruling.js';
import type { BranchKind, Phase } from './status.js';

const KINDS: readonly BranchKind[] = ['tcc', 'saga', 'message'];
const STATUSES: readonly (BarrierStatus | undefined)[] = ['tried', 'confirmed', 'cancelled', 'suspended', undefined];

/** The design's table, written out by hand: phase, finding, ruling for tcc and saga, ruling for a message. */
const TABLE: readonly [Phase, BarrierFinding, BarrierRuling, BarrierRuling][] = [
  ['try', { moved: 'tried' }, 'run', 'run'],
  ['try', { found: 'suspended' }, 'late-try', 'late-try'],
  ['try', { found: 'cancelled' }, 'late-try', 'late-try'],
  ['try', { found: 'tried' }, 'repeated-try', 'repeated-try'],
  ['try', { found: 'confirmed' }, 'repeated-try', 'repeated-try'],
  ['try', { found: undefined }, 'busy', 'busy'],
  ['confirm', { moved: 'confirmed' }, 'run', 'run'],
  ['confirm', { found: 'confirmed' }, 'already', 'already'],
  ['confirm', { found: undefined }, 'refuse', 'refuse'],
  ['confirm', { found: 'suspended' }, 'refuse', 'refuse'],
  ['confirm', { found: 'cancelled' }, 'refuse', 'refuse'],
  ['confirm', { found: 'tried' }, 'busy', 'refuse'],
  ['cancel', { moved: 'suspended' }, 'empty', 'empty'],
  ['cancel', { moved: 'cancelled' }, 'run', 'run'],
  ['cancel', { found: 'cancelled' }, 'already', 'already'],
  ['cancel', { found: 'suspended' }, 'already', 'already'],
  ['cancel', { found: 'confirmed' }, 'refuse', 'refuse'],
  ['cancel', { found: 'tried' }, 'busy', 'busy'],
  ['cancel', { found: undefined }, 'busy', 'busy'],
];

describe('ruleOn', () => {
  it.each(TABLE)('%s that finds %j: %s (message: %s)', (phase, finding, ruling, message) => {
    for (const kind of KINDS) {
      expect([kind, ruleOn(phase, kind, finding)]).toEqual([kind, kind === 'message' ? message : ruling]);
    }
  });

  it('has a row in the table above for every standing status of every phase', () => {
    for (const phase of ['try', 'confirm', 'cancel'] as const) {
      const standing = TABLE.filter(([of, finding]) => of === phase && !('moved' in finding));
      expect(standing).toHaveLength(STATUSES.length);
      expect(new Set(standing.map(([, finding]) => finding.found))).toEqual(new Set(STATUSES));
    }
  });

  it('changes one cell only under evenIfNotTried: an empty cancel runs', () => {
    for (const [phase, finding, ruling, message] of TABLE) {
      for (const kind of KINDS) {
        const without = kind === 'message' ? message : ruling;
        const expected = phase === 'cancel' && without === 'empty' ? 'run' : without;
        expect(ruleOn(phase, kind, finding, true)).toBe(expected);
      }
    }
  });
});
