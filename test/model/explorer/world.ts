/** What an event read and wrote. Two events of which neither writes what the other touches may change places. */
export interface Footprint {
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
}

/** A promise of the design that was found broken. */
export interface Violation {
  readonly invariant: string;
  readonly what: string;
}

/**
 * A system whose every source of non-determinism is an event that somebody outside chooses. The same choices from the
 * start lead to the same state: that is what makes re-execution a way back.
 */
export interface World {
  /** What may happen next, in a fixed order: what is likeliest in production first. */
  enabled(): readonly string[];
  /**
   * Lets one of them happen, and everything that follows from it alone.
   *
   * @param again it happened in just this way before, and was judged then
   */
  perform(label: string, again?: boolean): Promise<Footprint>;
  /** Equal for two states only when the same can happen from both. */
  digest(): string;
  /** Nothing has to happen any more, though something may. */
  readonly isEnd: boolean;
  /** Judges an end. The world is used up by it. */
  finish(): Promise<void>;
  readonly violations: readonly Violation[];
}

export const conflict = (a: Footprint, b: Footprint): boolean =>
  meets(a.writes, b.writes) || meets(a.writes, b.reads) || meets(a.reads, b.writes);

function meets(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  for (const name of a) if (b.has(name)) return true;
  return false;
}
