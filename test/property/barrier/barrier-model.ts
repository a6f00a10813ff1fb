import type { BranchKind, Phase } from 'nestjs-tcc';

/** The barrier row of a branch, `none` before there is one. */
export type Row = 'none' | 'tried' | 'confirmed' | 'cancelled' | 'suspended';

/** How the business code of a delivery ends, or what becomes of its connection or its process meanwhile. */
export const ENDINGS = [
  'returns',
  'throws',
  'swallows a failed statement',
  'conflicts once',
  'conflicts always',
  'loses its connection',
  'loses its connection before the commit',
  'dies after the commit',
] as const;
export type Ending = (typeof ENDINGS)[number];

/** What a delivery is answered: how it ended, or the code of its error. */
export type Answer = 'ran' | 'already' | 'empty' | 'own error' | 'conflict' | 'lost' | `TCC_${string}`;

/** What a delivery means to a row that nobody else is at work on. */
interface Ruling {
  readonly answer: Answer;
  /** Absent: it stays. */
  readonly to?: Row;
  readonly runs?: boolean;
}

const REFUSED: Ruling = { answer: 'TCC_BARRIER_REFUSED' };
const LATE: Ruling = { answer: 'TCC_LATE_TRY' };
const REPEATED: Ruling = { answer: 'TCC_REPEATED_TRY' };
const ALREADY: Ruling = { answer: 'already' };
const runs = (to: Row): Ruling => ({ answer: 'ran', to, runs: true });

/** Everything that a branch's deliveries may have done: what the real database is compared with. */
export class ModelBranch {
  row: Row = 'none';
  readonly effects: Record<Phase, number> = { try: 0, confirm: 0, cancel: 0 };

  constructor(
    readonly kind: BranchKind,
    readonly evenIfNotTried: boolean,
  ) {}

  /** A delivery that nothing overlaps. @returns its answer */
  deliver(phase: Phase, ending: Ending): Answer {
    const ruling = this.rule(phase, this.row);
    if (ruling.answer.startsWith('TCC_')) return ruling.answer;
    const failure = ruling.runs ? FAILURES[ending] : undefined;
    if (failure) return failure;
    this.row = ruling.to ?? this.row;
    if (ruling.runs) this.effects[phase] += 1;
    return ending === 'dies after the commit' ? 'lost' : ruling.answer;
  }

  /**
   * Two deliveries of which the second arrives when the first has sent its statement and not ended.
   *
   * @param waited whether the second had to wait for the first. If it had not, it has seen nothing of the first, and has
   * either changed nothing or something that the first did not touch
   */
  overlap(first: [Phase, Ending], second: [Phase, Ending], waited: boolean): [Answer, Answer] {
    if (waited) {
      const answer = this.deliver(...first);
      return [answer, this.deliver(...second)];
    }
    const before = this.row;
    const answer = this.deliver(...second);
    if (this.row === before) return [this.deliver(...first), answer];
    // The first one's statement found nothing to move; what it reads afterwards is what the second one left.
    const standing = this.rule(first[0], this.row);
    return [standing.runs ? 'TCC_BARRIER_BUSY' : this.deliver(...first), answer];
  }

  /** The table of the design, §4. */
  private rule(phase: Phase, row: Row): Ruling {
    switch (phase) {
      case 'try':
        return { none: runs('tried'), tried: REPEATED, confirmed: REPEATED, cancelled: LATE, suspended: LATE }[row];
      case 'confirm': {
        const runsFrom = this.kind === 'message' ? 'none' : 'tried';
        return row === runsFrom ? runs('confirmed') : row === 'confirmed' ? ALREADY : REFUSED;
      }
      case 'cancel': {
        const empty: Ruling = this.evenIfNotTried ? runs('suspended') : { answer: 'empty', to: 'suspended' };
        return { none: empty, tried: runs('cancelled'), cancelled: ALREADY, suspended: ALREADY, confirmed: REFUSED }[
          row
        ];
      }
    }
  }
}

const FAILURES: Partial<Record<Ending, Answer>> = {
  throws: 'own error',
  'swallows a failed statement': 'TCC_LOCAL_TRANSACTION_ABORTED',
  'conflicts always': 'conflict',
  'loses its connection': 'lost',
  'loses its connection before the commit': 'lost',
};
