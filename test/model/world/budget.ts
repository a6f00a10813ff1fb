/** How often something goes wrong in one execution, at most. */
export interface Faults {
  /** A process ends, at any moment. */
  readonly crashes: number;
  /** The answer of the ledger or of a participant's database is lost; what was asked may take effect before, later, never. */
  readonly losses: number;
  /** A participant never answers. */
  readonly hangs: number;
  /** A call that was made is delivered once more. */
  readonly duplicates: number;
  /** Time passes while something is under way. */
  readonly stalls: number;
  /** Of all these together. */
  readonly total: number;
}

export type Fault = Exclude<keyof Faults, 'total'>;

export const NO_FAULTS: Faults = { crashes: 0, losses: 0, hangs: 0, duplicates: 0, stalls: 0, total: 0 };

/** What is left of them. */
export class Budget {
  private readonly left: Record<keyof Faults, number>;

  constructor(faults: Faults) {
    this.left = { ...faults };
  }

  allows(fault: Fault): boolean {
    return this.left[fault] > 0 && this.left.total > 0;
  }

  spend(fault: Fault): void {
    this.left[fault]--;
    this.left.total--;
  }

  /** From here on nothing goes wrong any more. */
  exhaust(): void {
    this.left.total = 0;
  }

  digest(): string {
    const { total, ...kinds } = this.left;
    return total === 0
      ? '-'
      : `${total}/${Object.values(kinds)
          .map((left) => Math.min(left, total))
          .join('')}`;
  }
}
