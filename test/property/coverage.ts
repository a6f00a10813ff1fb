/** What the runs of a property have come across: one in which everything is refused proves nothing. */
export class Coverage {
  private readonly counts = new Map<string, number>();
  /** How many were made. */
  runs = 0;
  /** Whether that was all of them; with fewer, rare things need not have happened. */
  whole = false;

  readonly see = (what: string): void => void this.counts.set(what, (this.counts.get(what) ?? 0) + 1);

  /** Which of these has never happened. */
  missing(...expected: readonly string[]): readonly string[] {
    if (process.env['FC_VERBOSE'])
      process.stderr.write(`${this.runs} runs: ${JSON.stringify(Object.fromEntries(this.counts), null, 1)}\n`);
    return this.whole ? expected.filter((each) => !this.counts.has(each)) : [];
  }
}
